import type { Path } from "../../issue.ts";
import type { LifecycleHook, RetryStrategy } from "../../workflow/control.ts";
import type { InlineTemplate, Template } from "../../workflow/template.ts";
import { lintExpr, lintObjectQuery, lintWhen, type WhenReading } from "../expressions.ts";
import { callsOf, type Placed, type WorkflowLint } from "./context.ts";

/** Every field that is an expression by itself compiles. */
export function lintExpressions(lint: WorkflowLint): void {
  const { spec, base, sink } = lint;
  lintHookExpressions(lint, spec.hooks, [...base, "hooks"]);
  lintRetryExpression(lint, spec.retryStrategy, [...base, "retryStrategy"]);
  for (const [label, { expression }] of Object.entries(spec.workflowMetadata?.labelsFrom ?? {})) {
    lintExpr(sink, expression, [...base, "workflowMetadata", "labelsFrom", label, "expression"]);
  }
  const reading = whenReading(lint);
  for (const [i, value] of (spec.templates ?? []).entries()) {
    const template = { value, path: [...base, "templates", i] };
    lintBodyExpressions(lint, template);
    for (const call of callsOf(template)) {
      const { when, hooks, inline } = call.step;
      if (when !== undefined && when.trim() !== "") lintWhen(sink, when, [...call.path, "when"], reading);
      lintHookExpressions(lint, hooks, [...call.path, "hooks"]);
      if (inline !== undefined) lintBodyExpressions(lint, { value: inline, path: [...call.path, "inline"] });
    }
  }
}

/** The annotation of the workflow that runs decides; a library does not know which one that is. */
function whenReading({ library, metadata }: WorkflowLint): WhenReading {
  if (metadata.annotations?.["sluice.dev/when-values"] === "expression") return "expression";
  return library ? "unknown" : "data";
}

function lintBodyExpressions(lint: WorkflowLint, { value, path }: Placed<Template | InlineTemplate>): void {
  lintRetryExpression(lint, value.retryStrategy, [...path, "retryStrategy"]);
  for (const [i, output] of (value.outputs?.parameters ?? []).entries()) {
    const at = [...path, "outputs", "parameters", i, "valueFrom"];
    const { expression } = output.valueFrom ?? {};
    if (expression !== undefined) lintExpr(lint.sink, expression, [...at, "expression"]);
    for (const kind of ["jqFilter", "jsonPath"] as const) {
      const query = output.valueFrom?.[kind];
      if (query !== undefined) lintObjectQuery(lint.sink, kind, query, [...at, kind]);
    }
  }
}

function lintRetryExpression({ sink }: WorkflowLint, retry: RetryStrategy | undefined, path: Path): void {
  if (retry?.expression === undefined) return;
  lintExpr(sink, retry.expression, [...path, "expression"], { wants: "boolean" });
}

function lintHookExpressions(
  { sink }: WorkflowLint,
  hooks: Readonly<Record<string, LifecycleHook>> | undefined,
  path: Path,
): void {
  for (const [name, { expression }] of Object.entries(hooks ?? {})) {
    if (expression === undefined) continue;
    lintExpr(sink, expression, [...path, name, "expression"], { wants: "boolean" });
  }
}
