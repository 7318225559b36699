import { z } from "zod";
import { AnyString, ObjectMeta } from "../meta.ts";
import { Arguments } from "./parameter.ts";
import { WorkflowTemplateRef } from "./workflow.ts";

/** What a binding submits. Texts of `metadata`, and `valueFrom.event`, are expressions over the event. */
export const BindingSubmit = z.strictObject({
  workflowTemplateRef: WorkflowTemplateRef,
  metadata: z
    .strictObject({
      name: z.string().optional(),
      generateName: z.string().optional(),
      labels: z.record(z.string(), z.string()).optional(),
      annotations: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  arguments: Arguments.optional(),
});
export type BindingSubmit = z.infer<typeof BindingSubmit>;

/** Argo Workflows' own event binding: events of the API's endpoint that fit the selector submit a template. */
export const WorkflowEventBinding = z.strictObject({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.literal("WorkflowEventBinding"),
  metadata: ObjectMeta,
  spec: z.strictObject({
    /** Also `true`, without quotes. */
    event: z.strictObject({ selector: AnyString }),
    submit: BindingSubmit.optional(),
  }),
  status: z.json().optional(),
});
export type WorkflowEventBinding = z.infer<typeof WorkflowEventBinding>;
