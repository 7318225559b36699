// References to templates of other resources: whether they are there, and what they are.
import type { Path } from "../../issue.ts";
import { didYouMean, listNames } from "../../schema/nearest.ts";
import type { TemplateRef } from "../../workflow/control.ts";
import { hasTag, type WorkflowLint } from "../workflow/context.ts";
import { referredSpec } from "./known.ts";

/** A reference names a resource and one of its templates, and both are there. */
export function lintTemplateRef(lint: WorkflowLint, ref: TemplateRef, path: Path, title: string): void {
  const { sink } = lint;
  for (const [field, what] of [
    ["name", "resource"],
    ["template", "template"],
  ] as const) {
    if (ref[field] !== undefined && ref[field] !== "") continue;
    sink.error("SPEC_REFERENCE", path, {
      message: `${title} ${what} name is required`,
      hint: "a templateRef has the name of a WorkflowTemplate and of one of its templates",
    });
    return;
  }
  const { name = "", template = "" } = ref;
  const spec = referredSpec(lint, ref);
  if (spec === undefined) {
    unknownResource(
      lint,
      ref,
      [...path, "name"],
      `${title} template reference ${name}.${template} not found`,
    );
    return;
  }
  // What a tag names is known when it runs.
  if (hasTag(template) || spec.templates?.some((one) => one.name === template) === true) return;
  const names = (spec.templates ?? []).flatMap((one) => one.name ?? []);
  sink.error("SPEC_REFERENCE", [...path, "template"], {
    message: `${title} template reference ${name}.${template} not found`,
    hint: didYouMean(template, names, `templates of ${name}: ${listNames(names)}`),
  });
}

/** The resource of a workflowTemplateRef is there. */
export function lintWorkflowTemplateRef(lint: WorkflowLint): void {
  const { spec, base } = lint;
  const ref = spec.workflowTemplateRef;
  if (ref === undefined || referredSpec(lint, ref) !== undefined) return;
  const kind = ref.clusterScope === true ? "clusterworkflowtemplates" : "workflowtemplates";
  const message = `${kind}.argoproj.io "${ref.name}" not found`;
  unknownResource(lint, ref, [...base, "workflowTemplateRef", "name"], message);
}

/** An error when all that is applied is known; else a warning that says what was not checked. */
function unknownResource(
  lint: WorkflowLint,
  ref: { readonly name?: string | undefined; readonly clusterScope?: boolean | undefined },
  path: Path,
  message: string,
): void {
  const { name = "" } = ref;
  const kind = ref.clusterScope === true ? "ClusterWorkflowTemplate" : "WorkflowTemplate";
  const names = lint.known.names(ref.clusterScope === true ? undefined : lint.namespace);
  const elsewhere = lint.known.names(ref.clusterScope === true ? lint.namespace : undefined).includes(name);
  if (lint.known.complete && !hasTag(name)) {
    const hint = elsewhere
      ? `'${name}' is there as a ${ref.clusterScope === true ? "WorkflowTemplate: take clusterScope out" : "ClusterWorkflowTemplate: add 'clusterScope: true'"}`
      : didYouMean(name, names, `apply a ${kind} '${name}' first: sluice template create FILE`);
    lint.sink.error("SPEC_REFERENCE", path, { message, hint });
    return;
  }
  lint.sink.warn("SPEC_REFERENCE", path, {
    message: `${message}: ${kind} '${name}' is not known here, so nothing of it is checked`,
    hint: didYouMean(name, names, "lint it with its file, or against a server that has it"),
  });
}
