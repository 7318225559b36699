import type { IssueSink } from "../../issue.ts";
import { didYouMean } from "../../schema/nearest.ts";
import type { WorkflowEventBinding } from "../../workflow/event-binding.ts";
import { lintExpr } from "../expressions.ts";
import type { KnownTemplates } from "../references/known.ts";

interface Around {
  readonly known: KnownTemplates;
  readonly namespace: string;
}

/** Selector and expressions of a binding compile; a selector can be true or false. */
export function lintEventBinding({ spec }: WorkflowEventBinding, sink: IssueSink, around: Around): void {
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
  lintTemplate(submit.workflowTemplateRef, sink, around);
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

type Ref = NonNullable<WorkflowEventBinding["spec"]["submit"]>["workflowTemplateRef"];

/** Only a warning: the template may be applied after the binding, and until an event comes nothing asks for it. */
function lintTemplate(
  { name, clusterScope = false }: Ref,
  sink: IssueSink,
  { known, namespace }: Around,
): void {
  const place = clusterScope ? undefined : namespace;
  if (!known.complete || known.find(place, name) !== undefined) return;
  const kind = clusterScope ? "ClusterWorkflowTemplate" : "WorkflowTemplate";
  sink.warn("SPEC_REFERENCE", ["spec", "submit", "workflowTemplateRef", "name"], {
    message: `${kind} '${name}' is not there: what it submits will be in Error`,
    hint: didYouMean(name, known.names(place), `apply a ${kind} '${name}': sluice template create FILE`),
  });
}
