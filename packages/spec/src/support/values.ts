// Inputs and outputs, and where their values are.
import type { Artifact, Parameter, ValueFrom } from "../workflow/parameter.ts";
import type { Inputs, Outputs } from "../workflow/template.ts";
import type { Row } from "./row.ts";

export const inputs: Row<Inputs> = { parameters: "runs", artifacts: "runs" };

export const outputs: Row<Outputs> = {
  parameters: "runs",
  result: "accepted",
  exitCode: "accepted",
  artifacts: "runs",
};

export const parameter: Row<Parameter> = {
  name: "runs",
  value: "runs",
  default: "runs",
  enum: "runs",
  description: "accepted",
  globalName: "runs",
  valueFrom: "runs",
};

export const valueFrom: Row<ValueFrom> = {
  path: "runs",
  default: "runs",
  parameter: "runs",
  expression: "runs",
  supplied: "runs",
  configMapKeyRef: "runs",
  jsonPath: "runs",
  jqFilter: "runs",
  event: "later",
};

/** Of `s3`, `gcs`, `oss` and `azure` the key alone: then they mean the default repository. */
export const artifact: Row<Artifact> = {
  name: "runs",
  path: "runs",
  mode: "runs",
  recurseMode: "runs",
  from: "runs",
  fromExpression: "runs",
  subPath: "runs",
  optional: "runs",
  globalName: "runs",
  archive: "runs",
  artifactGC: "runs",
  raw: "runs",
  s3: "runs",
  gcs: "runs",
  oss: "runs",
  azure: "runs",
  deleted: "accepted",
  archiveLogs: "accepted",
  git: "later",
  http: "later",
  artifactory: "later",
  hdfs: "later",
  plugin: "later",
};
