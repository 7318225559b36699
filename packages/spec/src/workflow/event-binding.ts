import { z } from "zod";
import { KubeObject, ObjectMeta } from "../meta.ts";

/** Argo Workflows' own event binding, as a frame: it is read so that a folder loads, and not run. */
export const WorkflowEventBinding = z.strictObject({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.literal("WorkflowEventBinding"),
  metadata: ObjectMeta,
  spec: z.strictObject({
    event: z.strictObject({ selector: z.string() }),
    submit: KubeObject.optional(),
  }),
  status: z.json().optional(),
});
export type WorkflowEventBinding = z.infer<typeof WorkflowEventBinding>;
