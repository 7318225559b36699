import { z } from "zod";
import { IntOrString, KubeList, KubeObject, SecretKeySelector } from "../meta.ts";
import { Container, ContainerSet, Script, UserContainer } from "./container.ts";
import {
  ContinueOn,
  LifecycleHook,
  Memoize,
  Metadata,
  RetryStrategy,
  Sequence,
  Synchronization,
  TemplateRef,
} from "./control.ts";
import { Metrics } from "./metrics.ts";
import { Arguments, Artifact, Parameter } from "./parameter.ts";

export const Inputs = z.strictObject({
  parameters: z.array(Parameter).optional(),
  artifacts: z.array(Artifact).optional(),
});
export type Inputs = z.infer<typeof Inputs>;

export const Outputs = z.strictObject({
  parameters: z.array(Parameter).optional(),
  artifacts: z.array(Artifact).optional(),
  result: z.string().optional(),
  exitCode: z.string().optional(),
});
export type Outputs = z.infer<typeof Outputs>;

export const Suspend = z.strictObject({
  duration: z.union([z.string(), z.int()]).transform(String).optional(),
});

export const HttpTemplate = z.strictObject({
  method: z.string().optional(),
  url: z.string(),
  headers: z
    .array(
      z.strictObject({
        name: z.string(),
        value: z.string().optional(),
        valueFrom: z.strictObject({ secretKeyRef: SecretKeySelector }).optional(),
      }),
    )
    .optional(),
  body: z.string().optional(),
  bodyFrom: z.strictObject({ bytes: z.string().optional() }).optional(),
  timeoutSeconds: z.int().optional(),
  successCondition: z.string().optional(),
  insecureSkipVerify: z.boolean().optional(),
});
export type HttpTemplate = z.infer<typeof HttpTemplate>;

export const ResourceTemplate = z.strictObject({
  action: z.string(),
  mergeStrategy: z.string().optional(),
  manifest: z.string().optional(),
  manifestFrom: KubeObject.optional(),
  setOwnerReference: z.boolean().optional(),
  successCondition: z.string().optional(),
  failureCondition: z.string().optional(),
  flags: z.array(z.string()).optional(),
});
export type ResourceTemplate = z.infer<typeof ResourceTemplate>;

export const DataTemplate = z.strictObject({
  source: KubeObject,
  transformation: z.array(z.strictObject({ expression: z.string() })),
});

/** What a data template lists: an artifact's location, whose name may be left out. */
export const artifactPathsOf = (source: z.infer<typeof DataTemplate>["source"]) =>
  Artifact.safeParse({ name: "artifactPaths", ...(source["artifactPaths"] as object | undefined) });

const leafShape = {
  name: z.string().optional(),
  inputs: Inputs.optional(),
  outputs: Outputs.optional(),
  container: Container.optional(),
  script: Script.optional(),
  suspend: Suspend.optional(),
  http: HttpTemplate.optional(),
  data: DataTemplate.optional(),
  resource: ResourceTemplate.optional(),
  containerSet: ContainerSet.optional(),
  plugin: KubeObject.optional(),
  metadata: Metadata.optional(),
  annotations: z.record(z.string(), z.string()).optional(),
  retryStrategy: RetryStrategy.optional(),
  activeDeadlineSeconds: IntOrString.optional(),
  timeout: z.string().optional(),
  pendingTimeout: z.string().optional(),
  parallelism: z.int().min(1).optional(),
  failFast: z.boolean().optional(),
  synchronization: Synchronization.optional(),
  memoize: Memoize.optional(),
  metrics: Metrics.optional(),
  daemon: z.boolean().optional(),
  volumes: KubeList.optional(),
  initContainers: z.array(UserContainer).optional(),
  sidecars: z.array(UserContainer).optional(),
  archiveLocation: KubeObject.optional(),
  podSpecPatch: z.string().optional(),
  nodeSelector: z.record(z.string(), z.string()).optional(),
  affinity: KubeObject.optional(),
  tolerations: KubeList.optional(),
  schedulerName: z.string().optional(),
  priorityClassName: z.string().optional(),
  priority: z.int().optional(),
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.boolean().optional(),
  executor: KubeObject.optional(),
  hostAliases: KubeList.optional(),
  securityContext: KubeObject.optional(),
  podResources: KubeObject.optional(),
  resourceClaims: KubeList.optional(),
};

/** A template written where it is used. As in Argo it is a leaf: a steps or dag template cannot be inlined. */
export const InlineTemplate = z.strictObject(leafShape);
export type InlineTemplate = z.infer<typeof InlineTemplate>;

const stepShape = {
  template: z.string().optional(),
  templateRef: TemplateRef.optional(),
  inline: InlineTemplate.optional(),
  arguments: Arguments.optional(),
  withItems: z.array(z.json()).optional(),
  withParam: z.string().optional(),
  withSequence: Sequence.optional(),
  when: z.string().optional(),
  hooks: z.record(z.string(), LifecycleHook).optional(),
  onExit: z.string().optional(),
  continueOn: ContinueOn.optional(),
};

/** One entry of a steps group. */
export const WorkflowStep = z.strictObject({ name: z.string(), ...stepShape });
export type WorkflowStep = z.infer<typeof WorkflowStep>;

/** One task of a DAG. */
export const DagTask = z.strictObject({
  name: z.string(),
  ...stepShape,
  dependencies: z.array(z.string()).optional(),
  depends: z.string().optional(),
});
export type DagTask = z.infer<typeof DagTask>;

export const Dag = z.strictObject({
  target: z.string().optional(),
  failFast: z.boolean().optional(),
  tasks: z.array(DagTask),
});
export type Dag = z.infer<typeof Dag>;

/** Every field of Argo's Template; which of them the engine runs is said by `support/`. */
export const Template = z.strictObject({
  ...leafShape,
  steps: z.array(z.array(WorkflowStep)).optional(),
  dag: Dag.optional(),
});
export type Template = z.infer<typeof Template>;

/** The fields of which a template has exactly one. */
export const templateTypes = [
  "container",
  "containerSet",
  "steps",
  "script",
  "resource",
  "dag",
  "suspend",
  "data",
  "http",
  "plugin",
] as const;
export type TemplateType = (typeof templateTypes)[number];
