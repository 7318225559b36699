import { Arguments, Artifact, Parameter, ValueFrom } from "../../workflow/parameter.ts";
import { Inputs, Outputs } from "../../workflow/template.ts";
import type { Described, Rows } from "./rows.ts";

const parametersAndArtifacts: Rows = {
  parameters: "Values by name; every value is a text.",
  artifacts: "Files and folders by name.",
};

/** Of arguments, inputs and outputs. */
export const valueRows: Described = [
  [Arguments, parametersAndArtifacts],
  [Inputs, parametersAndArtifacts],
  [
    Outputs,
    {
      ...parametersAndArtifacts,
      result: "Written by the engine: the standard output.",
      exitCode: "Written by the engine: the exit code.",
    },
  ],
  [
    Parameter,
    {
      name: "Letters, digits, '_' and '-'.",
      value: "Its value; numbers, booleans, lists and maps become texts.",
      default: "The value when none is given.",
      enum: "The values that are allowed.",
      description: "What it is for.",
      globalName: "For outputs: also {{workflow.outputs.parameters.<this>}}.",
      valueFrom: "Where the value comes from.",
    },
  ],
  [
    ValueFrom,
    {
      path: "A file of the container.",
      jsonPath: "A kubectl JSONPath over the resource: {.status.phase}.",
      jqFilter: "A jq filter over the resource: .status.phase.",
      parameter: "A step's or task's output: {{steps.x.outputs.parameters.p}}.",
      expression: "An expression: steps.x.outputs.result ?? 'none'.",
      event: "An expression over the event that submitted the workflow.",
      supplied: "Given by a person or another program while the node waits.",
      configMapKeyRef: "A key of a ConfigMap.",
      default: "The value when there is none there.",
    },
  ],
  [
    Artifact,
    {
      name: "Letters, digits, '_' and '-'.",
      path: "Where it is in the container.",
      mode: "Permissions of the file, 0 to 0777.",
      recurseMode: "Whether mode holds for everything in a folder.",
      from: "Another artifact: {{steps.x.outputs.artifacts.a}}.",
      fromExpression: "An expression that gives another artifact.",
      subPath: "A file or folder within the other artifact.",
      optional: "Whether it may be missing.",
      globalName: "For outputs: also {{workflow.outputs.artifacts.<this>}}.",
      deleted: "Written by the engine: it has been deleted.",
      archive: "How it is packed: tar (default), zip or none.",
      archiveLogs: "Whether the log is kept with it.",
      artifactGC: "When it is deleted.",
      s3: "In an S3 bucket.",
      git: "A git repository.",
      http: "At an HTTP URL.",
      artifactory: "In an Artifactory repository.",
      hdfs: "In HDFS.",
      raw: "Its content, written here.",
      oss: "In an Alibaba OSS bucket.",
      gcs: "In a Google Cloud Storage bucket.",
      azure: "In an Azure blob container.",
      plugin: "Where an artifact plugin says.",
    },
  ],
];
