// What templates of other resources need from the workflow that uses them.
import type { Path } from "../../issue.ts";
import { listNames } from "../../schema/nearest.ts";
import type { TemplateRef } from "../../workflow/control.ts";
import { mergeSpecs } from "../../workflow/merge.ts";
import type { Template, WorkflowStep } from "../../workflow/template.ts";
import type { WorkflowSpec } from "../../workflow/workflow.ts";
import { textsOf } from "../texts.ts";
import type { WorkflowLint } from "../workflow/context.ts";
import { type Brings, isOfTheEngine, workflowBrings } from "./brings.ts";
import { referredSpec } from "./known.ts";

/** What a workflow brings is seen from every template, so that one of a library may name what is not there. */
const globalTag = /\{\{\s*workflow\.(parameters|labels|annotations)\.([-\w./]+)\s*\}\}/g;

interface Visited {
  readonly template: Template;
  /** The resource that it is of. */
  readonly spec: WorkflowSpec;
}

/** What a referred template, or one behind it, names of the workflow must be this workflow's. */
export function lintThroughReference(lint: WorkflowLint, ref: TemplateRef | undefined, path: Path): void {
  if (ref === undefined || lint.library || lint.spec.workflowTemplateRef !== undefined) return;
  const start = { spec: referredSpec(lint, ref), name: ref.template };
  lintGlobals(lint, [start], workflowBrings(lint), [...path, "templateRef"]);
}

/** The same of every template of a workflowTemplateRef; it brings arguments and metadata itself. */
export function lintThroughWorkflowTemplateRef(lint: WorkflowLint): void {
  const ref = lint.spec.workflowTemplateRef;
  const under = ref === undefined ? undefined : referredSpec(lint, ref);
  if (under === undefined || lint.library) return;
  const merged = workflowBrings({ ...lint, spec: mergeSpecs(lint.spec, under) });
  const starts = (under.templates ?? []).map(({ name }) => ({ spec: under, name }));
  lintGlobals(lint, starts, merged, [...lint.base, "workflowTemplateRef"]);
}

interface Start {
  readonly spec: WorkflowSpec | undefined;
  readonly name: string | undefined;
}

function lintGlobals(lint: WorkflowLint, starts: readonly Start[], brings: Brings, path: Path): void {
  for (const { group, name, template } of namedThrough(lint, starts).values()) {
    const given = brings.get(group) ?? [];
    if (given.includes(name) || name === "json" || isOfTheEngine(name)) continue;
    const where = group === "parameters" ? "spec.arguments.parameters" : `metadata.${group}`;
    lint.sink.error("SPEC_UNRESOLVED", path, {
      message: `failed to resolve {{workflow.${group}.${name}}} of template '${template}', which is used here`,
      hint:
        given.length === 0
          ? `add '${name}' to ${where}`
          : `add '${name}' to ${where}; there are ${listNames(given)}`,
    });
  }
}

interface Named {
  readonly group: string;
  readonly name: string;
  /** The first template in which it stands. */
  readonly template: string;
}

function namedThrough(lint: WorkflowLint, starts: readonly Start[]): ReadonlyMap<string, Named> {
  const names = new Map<string, Named>();
  const seen = new Set<Template>();
  const open: Visited[] = [];
  const visit = ({ spec, name }: Start): void => {
    const template = spec?.templates?.find((one) => one.name === name);
    if (spec === undefined || template === undefined || seen.has(template)) return;
    seen.add(template);
    open.push({ template, spec });
  };
  for (const start of starts) visit(start);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { template, spec } = next;
    for (const { group, name } of globalsIn(template)) {
      const key = `${group}.${name}`;
      if (!names.has(key)) names.set(key, { group, name, template: template.name ?? "" });
    }
    for (const { template: own, templateRef: other } of usesOf(template))
      if (other === undefined) visit({ spec, name: own });
      else visit({ spec: referredSpec(lint, other), name: other.template });
  }
  return names;
}

const globalsIn = (template: Template): readonly { readonly group: string; readonly name: string }[] =>
  [...textsOf(template, [])].flatMap(({ text }) =>
    [...text.matchAll(globalTag)].map(([, group = "", name = ""]) => ({ group, name })),
  );

const usesOf = (template: Template): readonly Pick<WorkflowStep, "template" | "templateRef">[] =>
  [...(template.steps ?? []).flat(), ...(template.dag?.tasks ?? [])].flatMap((step) => [
    step,
    ...Object.values(step.hooks ?? {}),
  ]);
