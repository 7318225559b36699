import { z } from "zod";

/** Argo's StandardK8STrigger, its parameters applied. */
export const Spec = z.strictObject({
  source: z.record(z.string(), z.json()),
  operation: z.string().default("create"),
  patchStrategy: z.string().optional(),
  liveObject: z.boolean().optional(),
});
export type Spec = z.infer<typeof Spec>;
