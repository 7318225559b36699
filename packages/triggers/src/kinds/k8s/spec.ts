import { z } from "zod";

/** Argo's StandardK8STrigger, its parameters applied. */
export const Spec = z.strictObject({
  source: z.record(z.string(), z.json()),
  operation: z.string().default("create"),
  patchStrategy: z.string().optional(),
  liveObject: z.boolean().optional(),
});
export type Spec = z.infer<typeof Spec>;

/** As it is written: with its parameters, which the sensor applies. */
export const Manifest = z.strictObject({
  ...Spec.shape,
  operation: z.enum(["", "create"]).optional(),
  source: z.strictObject({ resource: z.record(z.string(), z.json()) }),
  parameters: z.array(z.record(z.string(), z.json())).optional(),
});
