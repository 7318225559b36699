import { z } from "zod";

const KeyRef = z.strictObject({
  name: z.string().min(1),
  key: z.string().min(1),
  optional: z.boolean().optional(),
});
const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"] as const;
const Text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Parameters = z.array(z.record(z.string(), z.json()));

const shared = {
  method: z.enum(methods).default("POST"),
  headers: z.record(z.string(), Text).default({}),
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
  /** Seconds; a text of digits where a parameter wrote it. 0 or absent = 60. */
  timeout: z
    .union([z.number(), z.string().regex(/^\d{1,4}$/)])
    .transform(Number)
    .pipe(z.number().min(0).max(3_600))
    .default(60),
};

/** Argo's HTTPTrigger, its parameters applied. `body` is what its `payload` was built into. */
export const Spec = z.strictObject({
  ...shared,
  url: z.url({ protocol: /^https?$/, error: "must be an http or https URL" }).max(8_192),
  body: z.string().optional(),
  contentType: z.string().optional(),
});
export type Spec = z.infer<typeof Spec>;

/** Argo's HTTPTrigger as it is written. `tls` and `host` are not run yet. */
export const Manifest = z.strictObject({
  ...shared,
  url: z.string().max(8_192).optional(),
  payload: Parameters.optional(),
  parameters: Parameters.optional(),
  dynamicHeaders: Parameters.optional(),
});
