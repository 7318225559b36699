import { z } from "zod";

/** Argo's LogTrigger, with the events that the sensor put in, cut to a bounded length. */
export const Spec = z.strictObject({
  /** At most one line per trigger in this many seconds; 0 = every firing. */
  intervalSeconds: z.int().min(0).default(0),
  events: z.array(z.record(z.string(), z.json())).max(64).default([]),
});
export type Spec = z.infer<typeof Spec>;

/** As it is written. */
export const Manifest = z.strictObject({ intervalSeconds: z.int().min(0).optional() });
