import { defineTrigger } from "../../define.ts";
import { TriggerError } from "../../errors.ts";
import { resourceOf, submitWorkflow } from "../../submit.ts";
import { applyArgs } from "./args.ts";
import { Manifest, Spec } from "./spec.ts";

/** Submits the workflow in `source.resource`. Argo starts a copy of its CLI for this; here it is one append. */
export default defineTrigger<Spec>({
  kind: "argoWorkflow",
  spec: Spec,
  manifest: Manifest,

  async execute(context) {
    const { spec } = context;
    if (spec.operation !== "submit" && spec.operation !== "")
      throw TriggerError.UNSUPPORTED({
        kind: "argoWorkflow",
        field: "operation",
        value: spec.operation,
        supported: "submit",
      });
    return await submitWorkflow(context, applyArgs(resourceOf("argoWorkflow", spec.source), spec.args));
  },
});
