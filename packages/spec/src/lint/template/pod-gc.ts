import { isObject } from "@sluice/base";
import type { WorkflowLint } from "../workflow/context.ts";

const strategies = ["", "OnPodCompletion", "OnPodSuccess", "OnWorkflowCompletion", "OnWorkflowSuccess"];
const operators = ["In", "NotIn", "Exists", "DoesNotExist"];

/** When pods go: a strategy that exists, a selector that Kubernetes takes. */
export function lintPodGc({ sink, spec, base }: WorkflowLint): void {
  const { podGC } = spec;
  if (podGC === undefined) return;
  const { strategy, labelSelector } = podGC;
  if (strategy !== undefined && !strategies.includes(String(strategy))) {
    const message = `podGC.strategy unknown strategy '${String(strategy)}'`;
    const hint = `use one of: ${strategies.filter((one) => one !== "").join(", ")}`;
    sink.error("SPEC_VALUE", [...base, "podGC", "strategy"], { message, hint });
  }
  const rows = isObject(labelSelector) ? labelSelector["matchExpressions"] : undefined;
  if (!Array.isArray(rows)) return;
  for (const [i, row] of rows.entries()) {
    const operator: unknown = isObject(row) ? row["operator"] : undefined;
    if (operators.includes(String(operator))) continue;
    const message = `podGC.labelSelector invalid: "${String(operator)}" is not a valid label selector operator`;
    const path = [...base, "podGC", "labelSelector", "matchExpressions", i];
    sink.error("SPEC_VALUE", path, { message, hint: `use one of: ${operators.join(", ")}` });
  }
}
