import { defineTrigger } from "../../define.ts";
import { TriggerError } from "../../errors.ts";
import { resourceOf, submitWorkflow } from "../../submit.ts";
import { Manifest, Spec } from "./spec.ts";

const unsupported = (field: string, value: string, supported: string) =>
  TriggerError.UNSUPPORTED({ kind: "k8s", field, value, supported });

/** Creates an object. So far only Workflows, which become runs of Sluice without passing through etcd. */
export default defineTrigger<Spec>({
  kind: "k8s",
  spec: Spec,
  manifest: Manifest,

  async execute(context) {
    const { spec } = context;
    if (spec.operation !== "create" && spec.operation !== "")
      throw unsupported("operation", spec.operation, "create");
    const resource = resourceOf("k8s", spec.source);
    const object = `${String(resource["apiVersion"])} ${String(resource["kind"])}`;
    if (object !== "argoproj.io/v1alpha1 Workflow")
      throw unsupported("object", object, "argoproj.io/v1alpha1 Workflow");
    return await submitWorkflow(context, resource);
  },
});
