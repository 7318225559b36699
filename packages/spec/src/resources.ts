import { z } from "zod";
import { ObjectMeta, StringMap } from "./meta.ts";

/** A core/v1 ConfigMap, for references when there is no cluster. */
export const ConfigMap = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("ConfigMap"),
  metadata: ObjectMeta,
  data: StringMap.optional(),
  /** Base64. */
  binaryData: z.record(z.string(), z.string()).optional(),
  immutable: z.boolean().optional(),
});
export type ConfigMap = z.infer<typeof ConfigMap>;

/** A core/v1 Secret, for references when there is no cluster. `data` is base64; `stringData` wins over it. */
export const Secret = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Secret"),
  metadata: ObjectMeta,
  type: z.string().optional(),
  data: z.record(z.string(), z.string()).optional(),
  stringData: StringMap.optional(),
  immutable: z.boolean().optional(),
});
export type Secret = z.infer<typeof Secret>;
