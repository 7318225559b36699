import { z } from "zod";
import { AnyText, SecretKeySelector } from "../meta.ts";

/** Its form is a rule of lint, which can say in which list it stands. */
export const ParameterName = z.string();

export const ValueFrom = z.strictObject({
  path: z.string().optional(),
  jsonPath: z.string().optional(),
  jqFilter: z.string().optional(),
  parameter: z.string().optional(),
  expression: z.string().optional(),
  event: z.string().optional(),
  supplied: z.strictObject({}).optional(),
  configMapKeyRef: SecretKeySelector.optional(),
  default: AnyText.optional(),
});
export type ValueFrom = z.infer<typeof ValueFrom>;

/** Argo's Parameter. A value that is a number, boolean, list or map becomes its JSON text. */
export const Parameter = z.strictObject({
  name: ParameterName,
  value: AnyText.optional(),
  default: AnyText.optional(),
  enum: z.array(AnyText).optional(),
  description: z.string().optional(),
  globalName: z.string().optional(),
  valueFrom: ValueFrom.optional(),
});
export type Parameter = z.infer<typeof Parameter>;

const location = z.record(z.string(), z.json());

export const Artifact = z.strictObject({
  name: z.string(),
  path: z.string().optional(),
  mode: z.int().optional(),
  recurseMode: z.boolean().optional(),
  from: z.string().optional(),
  fromExpression: z.string().optional(),
  subPath: z.string().optional(),
  optional: z.boolean().optional(),
  globalName: z.string().optional(),
  deleted: z.boolean().optional(),
  archive: z
    .strictObject({ none: location.optional(), tar: location.optional(), zip: location.optional() })
    .optional(),
  archiveLogs: z.boolean().optional(),
  artifactGC: location.optional(),
  s3: location.optional(),
  git: location.optional(),
  http: location.optional(),
  artifactory: location.optional(),
  hdfs: location.optional(),
  raw: z.strictObject({ data: z.string() }).optional(),
  oss: location.optional(),
  gcs: location.optional(),
  azure: location.optional(),
  plugin: location.optional(),
});
export type Artifact = z.infer<typeof Artifact>;

/** Where an artifact may be; it has one of them at most. */
export const artifactLocations = [
  "s3",
  "git",
  "http",
  "artifactory",
  "hdfs",
  "raw",
  "oss",
  "gcs",
  "azure",
  "plugin",
] as const;

export const Arguments = z.strictObject({
  parameters: z.array(Parameter).optional(),
  artifacts: z.array(Artifact).optional(),
});
export type Arguments = z.infer<typeof Arguments>;
