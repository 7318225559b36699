import type { IssueSink } from "../../issue.ts";
import type { WorkflowEventBinding } from "../../workflow/event-binding.ts";
import { lintExpr } from "../expressions.ts";

/** Selector and expressions of a binding compile; a selector can be true or false. */
export function lintEventBinding({ spec }: WorkflowEventBinding, sink: IssueSink): void {
  lintExpr(sink, spec.event.selector, ["spec", "event", "selector"], { wants: "boolean" });
  const { submit } = spec;
  if (submit === undefined) {
    sink.warn("SPEC_NEVER", ["spec"], {
      message: "it submits nothing",
      hint: "name a template: spec.submit.workflowTemplateRef.name",
      key: true,
    });
    return;
  }
  for (const name of ["name", "generateName"] as const) {
    const text = submit.metadata?.[name];
    if (text !== undefined && text !== "") lintExpr(sink, text, ["spec", "submit", "metadata", name]);
  }
  for (const map of ["labels", "annotations"] as const)
    for (const [key, text] of Object.entries(submit.metadata?.[map] ?? {}))
      lintExpr(sink, text, ["spec", "submit", "metadata", map, key]);
  for (const [i, { valueFrom }] of (submit.arguments?.parameters ?? []).entries())
    if (valueFrom?.event !== undefined)
      lintExpr(sink, valueFrom.event, ["spec", "submit", "arguments", "parameters", i, "valueFrom", "event"]);
}
