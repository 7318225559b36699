import type { IssueSink, Path } from "../../issue.ts";
import type { ObjectMeta } from "../../meta.ts";
import { mergeSpecs } from "../../workflow/merge.ts";
import type { Parameter } from "../../workflow/parameter.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import type { WorkflowSpec } from "../../workflow/workflow.ts";
import type { ExecutorKind } from "../executor-kind.ts";
import { type DependencyGraph, lintDag } from "../graph/dag.ts";
import { lintRecursion } from "../graph/recursion.ts";
import type { KnownTemplates } from "../references/known.ts";
import { referredSpec } from "../references/known.ts";
import { lintWorkflowTemplateRef } from "../references/template-ref.ts";
import { lintThroughWorkflowTemplateRef } from "../references/through.ts";
import { lintSynchronization } from "../template/locks.ts";
import { lintMetrics } from "../template/metrics.ts";
import { lintPodGc } from "../template/pod-gc.ts";
import { hasSource, lintArguments, lintInputsOutputs } from "./binding.ts";
import { lintCalls, lintHooks, lintSupplied, lintTemplateName } from "./calls.ts";
import { callsOf, hasTag, type Placed, templateNamed, type WorkflowLint } from "./context.ts";
import { lintExpressions } from "./expressions.ts";
import { lintNames } from "./names.ts";
import { lintVariables } from "./resolve.ts";
import { lintSupport } from "./supported.ts";
import { lintRetry, lintTemplate } from "./template.ts";

export interface WorkflowLintInput {
  readonly sink: IssueSink;
  readonly spec: WorkflowSpec;
  /** Path of the spec in its document. */
  readonly base: Path;
  readonly metadata: ObjectMeta;
  readonly metadataPath: Path;
  readonly what: string;
  readonly library: boolean;
  readonly executor: ExecutorKind;
  readonly known: KnownTemplates;
  readonly namespace: string;
}

/** All rules of a workflow's spec. */
export function lintWorkflowSpec(input: WorkflowLintInput): void {
  const templates = new Map<string, Placed<Template>>();
  for (const [i, value] of (input.spec.templates ?? []).entries()) {
    if (value.name !== undefined && !templates.has(value.name)) {
      templates.set(value.name, { value, path: [...input.base, "templates", i] });
    }
  }
  const inherited = new Map((baseOf(input)?.templates ?? []).map((t) => [t.name ?? "", t]));
  const lint: WorkflowLint = { ...input, templates, inherited };
  lintNames(lint);
  lintSpec(lint);
  const graphs = new Map<string, DependencyGraph>();
  for (const [i, value] of (input.spec.templates ?? []).entries()) {
    const placed = { value, path: [...input.base, "templates", i] };
    for (const one of withInlines(placed)) {
      lintTemplate(lint, one);
      lintInputsOutputs(lint, one);
    }
    lintCalls(lint, placed);
    const graph = lintDag(lint, placed);
    if (value.name !== undefined && !graphs.has(value.name)) graphs.set(value.name, graph);
  }
  lintVariables(lint, graphs);
  lintThroughWorkflowTemplateRef(lint);
  lintExpressions(lint);
  lintRecursion(lint);
  lintSupport(lint, input.executor);
}

const refPath = ({ base }: Pick<WorkflowLintInput, "base">): Path => [...base, "workflowTemplateRef", "name"];

/** The spec of the workflowTemplateRef, where it is known. */
const baseOf = (input: Pick<WorkflowLintInput, "spec" | "known" | "namespace">): WorkflowSpec | undefined =>
  input.spec.workflowTemplateRef === undefined
    ? undefined
    : referredSpec(input, input.spec.workflowTemplateRef);

function withInlines(placed: Placed<Template>): readonly Placed<Template | InlineTemplate>[] {
  const inlines = callsOf(placed).flatMap((call) =>
    call.step.inline === undefined ? [] : [{ value: call.step.inline, path: [...call.path, "inline"] }],
  );
  return [placed, ...inlines];
}

function lintSpec(lint: WorkflowLint): void {
  const { spec, base, sink } = lint;
  lintArguments(lint, spec.arguments, [...base, "arguments"], "spec.arguments");
  lintWorkflowTemplateRef(lint);
  lintInheritedArguments(lint);
  lintEntrypoint(lint);
  if (spec.workflowTemplateRef !== undefined && (spec.templates ?? []).length > 0) {
    sink.error("SPEC_CONFLICT", [...base, "templates"], {
      message: "Templates is invalid field in spec if workflow referred WorkflowTemplate reference",
      hint: "keep either templates or workflowTemplateRef",
      key: true,
    });
  }
  if (spec.onExit !== undefined) {
    lintTemplateName(lint, spec.onExit, [...base, "onExit"], "spec.onExit");
    sink.warn("SPEC_DEPRECATED", [...base, "onExit"], {
      message: "'onExit' is an old spelling",
      hint: "write 'hooks: {exit: {template: …}}'",
      key: true,
    });
  }
  lintHooks(lint, spec.hooks, [...base, "hooks"], "spec");
  if (spec.retryStrategy !== undefined)
    lintRetry(lint, spec.retryStrategy, [...base, "retryStrategy"], "spec");
  lintSynchronization(lint, spec.synchronization, [...base, "synchronization"], "spec");
  lintMetrics(lint, spec.metrics, [...base, "metrics"], "spec");
  lintPodGc(lint);
}

/** Arguments that the workflowTemplateRef declares without a value must get one here, and one of its `enum`. */
function lintInheritedArguments(lint: WorkflowLint): void {
  const under = baseOf(lint);
  if (under === undefined || lint.library) return;
  const own = new Map(
    (lint.spec.arguments?.parameters ?? []).map((parameter) => [parameter.name, parameter]),
  );
  for (const parameter of under.arguments?.parameters ?? []) {
    const given = own.get(parameter.name);
    const place = `spec.arguments.${parameter.name}`;
    if (given !== undefined) lintChoice(lint, given, { choices: given.enum ?? parameter.enum, place });
    if (given !== undefined || hasSource(parameter)) continue;
    lint.sink.error("SPEC_ARGUMENT", refPath(lint), {
      message: `${place}.value or ${place}.valueFrom is required`,
      hint: `'${lint.spec.workflowTemplateRef?.name ?? ""}' asks for it: add it to spec.arguments.parameters, or submit with -p`,
    });
  }
}

function lintChoice(
  lint: WorkflowLint,
  { value, enum: own }: Parameter,
  { choices, place }: { readonly choices: Parameter["enum"]; readonly place: string },
): void {
  if (own !== undefined || choices === undefined || value === undefined) return;
  if (hasTag(value) || choices.some(hasTag) || choices.includes(value)) return;
  lint.sink.error("SPEC_VALUE", refPath(lint), {
    message: `${place}.value should be present in ${place}.enum list`,
    hint: `'${value}' is none of: ${choices.join(", ")}`,
  });
}

function lintEntrypoint(lint: WorkflowLint): void {
  const { base, sink } = lint;
  const under = baseOf(lint);
  const spec = under === undefined ? lint.spec : mergeSpecs(lint.spec, under);
  if (spec.entrypoint === undefined || spec.entrypoint === "") {
    if ((spec.workflowTemplateRef !== undefined && under === undefined) || lint.library) return;
    const first = spec.templates?.[0]?.name;
    sink.error("SPEC_FIELD_MISSING", [...base, "entrypoint"], {
      message: "spec.entrypoint is required",
      hint: first === undefined ? "name the template to start with" : `for example 'entrypoint: ${first}'`,
    });
    return;
  }
  lintTemplateName(lint, spec.entrypoint, [...base, "entrypoint"], "spec.entrypoint");
  const target = templateNamed(lint, spec.entrypoint);
  if (target === undefined || lint.library) return;
  const isOwn = lint.spec.entrypoint !== undefined;
  const place = { path: isOwn ? [...base, "entrypoint"] : refPath(lint), title: "spec.entrypoint" };
  lintSupplied(lint, target, spec.arguments, place);
}
