import { z } from "zod";

const KeyRef = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1),
  optional: z.boolean().optional(),
});

/** Argo's HTTPTrigger, its parameters applied. `body` is what its `payload` was built into. */
export const Spec = z.strictObject({
  url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).max(8_192),
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]).default("POST"),
  body: z.string().optional(),
  contentType: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  secureHeaders: z
    .array(
      z.strictObject({
        name: z.string().min(1),
        valueFrom: z.strictObject({ secretKeyRef: KeyRef.optional(), configMapKeyRef: KeyRef.optional() }),
      }),
    )
    .max(64)
    .default([]),
  basicAuth: z.strictObject({ username: KeyRef.optional(), password: KeyRef.optional() }).optional(),
  /** Seconds. 0 or absent = 60. */
  timeout: z.number().min(0).max(3_600).default(60),
});
export type Spec = z.infer<typeof Spec>;
