import { EngineError } from "../errors.ts";
import { globalsOf } from "../values/globals.ts";
import { evaluateExpression, failureText, renderDeep } from "../values/language.ts";
import { Scope } from "../values/scope.ts";
import type { Run } from "./state/run.ts";

const labelValue = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)?$/;
const labelRule =
  "a label value is at most 63 letters, digits, '-', '_' and '.', and begins and ends with a letter or digit";

const isLabelValue = (text: string): boolean => text.length <= 63 && labelValue.test(text);

/**
 * Puts `workflowMetadata` over the run's labels and annotations, once, when it starts. Its tags see what the run has
 * before that; expressions of `labelsFrom` also the labels that stand before them. Errors: ENGINE_VALUE_UNRESOLVED, in
 * Argo's words.
 */
export function stampMetadata(run: Run): void {
  const { workflowMetadata: added } = run.spec;
  if (added === undefined) return;
  const scope = new Scope(run.now, globalsOf(run));
  const labels = renderDeep(added.labels ?? {}, scope);
  for (const [name, value] of Object.entries(labels))
    if (!isLabelValue(value))
      throw invalid(`invalid label value "${value}" for label "${name}": ${labelRule}`);
  const annotations = renderDeep(added.annotations ?? {}, scope);
  run.labels = { ...run.labels, ...labels };
  run.annotations = { ...run.annotations, ...annotations };
  for (const [name, { expression }] of Object.entries(added.labelsFrom ?? {}))
    run.labels = { ...run.labels, [name]: labelFrom(run, name, expression) };
}

const invalid = (reason: string) => EngineError.VALUE_UNRESOLVED({ reason });

function labelFrom(run: Run, name: string, expression: string): string {
  const said = `label "${name}" expression "${expression}"`;
  let value: unknown;
  try {
    value = evaluateExpression(expression, new Scope(run.now, globalsOf(run)));
  } catch (error) {
    throw invalid(`failed to evaluate ${said}: ${failureText(error)}`);
  }
  if (typeof value !== "string")
    throw invalid(
      `failed to evaluate ${said} evaluated to ${value === null || value === undefined ? "nil" : typeof value} but must be a string`,
    );
  if (!isLabelValue(value))
    throw invalid(
      `invalid label value "${value}" for label "${name}" and expression "${expression}": ${labelRule}`,
    );
  return value;
}
