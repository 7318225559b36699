import { z } from "zod";

/** Argo's ArgoWorkflowTrigger, its parameters applied. */
export const Spec = z.strictObject({
  source: z.record(z.string(), z.json()),
  operation: z.string().default("submit"),
  /** Flags of `argo submit`: `-p name=value`, `--parameter=name=value`, `--generate-name x-`, `--name x`, `--entrypoint t`, `-l k=v`. */
  args: z.array(z.string().max(65_536)).max(256).default([]),
});
export type Spec = z.infer<typeof Spec>;

/** As it is written: with its parameters, which the sensor applies. */
export const Manifest = z.strictObject({
  ...Spec.shape,
  operation: z.enum(["", "submit"]).optional(),
  source: z.strictObject({ resource: z.record(z.string(), z.json()) }),
  parameters: z.array(z.record(z.string(), z.json())).optional(),
});
