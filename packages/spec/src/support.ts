// What the engine runs today, field by field. A new field of a schema does not compile until it has a row here, so that
// none is ever ignored in silence.

import type { Dependency, DependencyFilters, SensorSpec, Trigger, TriggerTemplate } from "./events/sensor.ts";
import type { Container, Script } from "./workflow/container.ts";
import type { LifecycleHook, RetryStrategy } from "./workflow/control.ts";
import type { Artifact, Parameter, ValueFrom } from "./workflow/parameter.ts";
import type { Dag, DagTask, Inputs, Outputs, Template } from "./workflow/template.ts";
import type { Workflow } from "./workflow/workflow.ts";

/**
 * `runs`: it has its effect. `pod`: handed to Kubernetes as it is; elsewhere it has no effect (lint warns when the
 * executor is known to be local). `accepted`: it needs no effect here (cluster housekeeping, status of exported
 * objects). `later`: a lint error `SPEC_UNSUPPORTED`.
 */
export type Support = "runs" | "pod" | "accepted" | "later";

type Row<T> = Readonly<Record<keyof T, Support>>;

const workflow: Row<Workflow["spec"]> = {
  entrypoint: "runs",
  templates: "runs",
  arguments: "runs",
  templateDefaults: "runs",
  retryStrategy: "runs",
  activeDeadlineSeconds: "runs",
  parallelism: "runs",
  priority: "runs",
  suspend: "runs",
  synchronization: "runs",
  onExit: "runs",
  hooks: "runs",
  podMetadata: "pod",
  ttlStrategy: "runs",
  podGC: "accepted",
  artifactGC: "runs",
  /** There is one repository here, the embedded one: any reference means it. */
  artifactRepositoryRef: "accepted",
  /** Logs are kept anyway. */
  archiveLogs: "accepted",
  volumeClaimGC: "runs",
  executor: "accepted",
  podDisruptionBudget: "accepted",
  volumes: "pod",
  podPriorityClassName: "pod",
  podPriority: "pod",
  podResources: "pod",
  resourceClaims: "pod",
  serviceAccountName: "pod",
  automountServiceAccountToken: "pod",
  nodeSelector: "pod",
  affinity: "pod",
  tolerations: "pod",
  imagePullSecrets: "pod",
  hostNetwork: "pod",
  dnsPolicy: "pod",
  dnsConfig: "pod",
  hostAliases: "pod",
  schedulerName: "pod",
  securityContext: "pod",
  workflowMetadata: "runs",
  workflowTemplateRef: "runs",
  shutdown: "runs",
  volumeClaimTemplates: "runs",
  metrics: "runs",
  podSpecPatch: "runs",
  executorPlugins: "later",
};

const template: Row<Template> = {
  name: "runs",
  inputs: "runs",
  outputs: "runs",
  container: "runs",
  script: "runs",
  steps: "runs",
  dag: "runs",
  suspend: "runs",
  retryStrategy: "runs",
  activeDeadlineSeconds: "runs",
  timeout: "runs",
  parallelism: "runs",
  failFast: "runs",
  /** Only how a node is shown. */
  annotations: "accepted",
  /** Its `archiveLogs`; lint refuses its other fields. */
  archiveLocation: "accepted",
  metadata: "pod",
  executor: "accepted",
  volumes: "pod",
  nodeSelector: "pod",
  affinity: "pod",
  tolerations: "pod",
  schedulerName: "pod",
  priorityClassName: "pod",
  priority: "pod",
  serviceAccountName: "pod",
  automountServiceAccountToken: "pod",
  hostAliases: "pod",
  securityContext: "pod",
  podResources: "pod",
  resourceClaims: "pod",
  containerSet: "runs",
  resource: "runs",
  data: "runs",
  http: "runs",
  plugin: "later",
  pendingTimeout: "runs",
  synchronization: "runs",
  memoize: "runs",
  metrics: "runs",
  daemon: "runs",
  initContainers: "runs",
  sidecars: "runs",
  podSpecPatch: "runs",
};

const container: Row<Container & Script> = {
  name: "accepted",
  image: "runs",
  command: "runs",
  args: "runs",
  source: "runs",
  workingDir: "runs",
  env: "runs",
  terminationMessagePath: "accepted",
  terminationMessagePolicy: "accepted",
  envFrom: "pod",
  ports: "pod",
  resources: "pod",
  resizePolicy: "pod",
  restartPolicy: "pod",
  volumeMounts: "pod",
  volumeDevices: "pod",
  livenessProbe: "pod",
  /** Of a daemon, wherever it runs; of other steps nobody waits for it. */
  readinessProbe: "runs",
  startupProbe: "pod",
  lifecycle: "pod",
  imagePullPolicy: "pod",
  securityContext: "pod",
  stdin: "pod",
  stdinOnce: "pod",
  tty: "pod",
};

const step: Row<DagTask> = {
  name: "runs",
  template: "runs",
  inline: "runs",
  arguments: "runs",
  withItems: "runs",
  withParam: "runs",
  withSequence: "runs",
  when: "runs",
  hooks: "runs",
  onExit: "runs",
  continueOn: "runs",
  dependencies: "runs",
  depends: "runs",
  templateRef: "runs",
};

const dag: Row<Dag> = { tasks: "runs", target: "runs", failFast: "runs" };
const suspend: Row<Exclude<Template["suspend"], undefined>> = { duration: "runs" };
const hook: Row<LifecycleHook> = {
  template: "runs",
  arguments: "runs",
  expression: "runs",
  templateRef: "runs",
};
const inputs: Row<Inputs> = { parameters: "runs", artifacts: "runs" };
const outputs: Row<Outputs> = {
  parameters: "runs",
  result: "accepted",
  exitCode: "accepted",
  artifacts: "runs",
};
/** Of `s3`, `gcs`, `oss` and `azure` the key alone: then they mean the default repository. */
const artifact: Row<Artifact> = {
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
const parameter: Row<Parameter> = {
  name: "runs",
  value: "runs",
  default: "runs",
  enum: "runs",
  description: "accepted",
  globalName: "runs",
  valueFrom: "runs",
};
const valueFrom: Row<ValueFrom> = {
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
const retryStrategy: Row<RetryStrategy> = {
  limit: "runs",
  retryPolicy: "runs",
  backoff: "runs",
  expression: "runs",
  affinity: "pod",
};
const sensor: Row<SensorSpec> = {
  dependencies: "runs",
  triggers: "runs",
  errorOnFailedRound: "accepted",
  eventBusName: "accepted",
  template: "accepted",
  replicas: "accepted",
  revisionHistoryLimit: "accepted",
  loggingFields: "accepted",
  imagePullSecrets: "accepted",
};
const dependency: Row<Dependency> = {
  name: "runs",
  eventSourceName: "runs",
  eventName: "runs",
  filters: "runs",
  filtersLogicalOperator: "runs",
  transform: "later",
};
const filters: Row<DependencyFilters> = {
  time: "runs",
  context: "runs",
  data: "runs",
  exprs: "runs",
  dataLogicalOperator: "runs",
  exprLogicalOperator: "runs",
  script: "later",
};
const trigger: Row<Trigger> = {
  template: "runs",
  parameters: "runs",
  policy: "runs",
  retryStrategy: "runs",
  rateLimit: "runs",
  /** Every trigger is at least once here. */
  atLeastOnce: "accepted",
  dlqTrigger: "later",
};
const policy: Row<NonNullable<Trigger["policy"]>> = { status: "runs", k8s: "later" };
const triggerTemplate: Row<TriggerTemplate> = {
  name: "runs",
  conditions: "runs",
  argoWorkflow: "runs",
  http: "runs",
  log: "runs",
  k8s: "runs",
  conditionsReset: "later",
  awsLambda: "later",
  azureEventHubs: "later",
  azureServiceBus: "later",
  kafka: "later",
  pulsar: "later",
  nats: "later",
  slack: "later",
  openWhisk: "later",
  custom: "later",
  email: "later",
};

/** The whole table, by place. */
export const support = {
  workflow,
  template,
  container,
  step,
  dag,
  suspend,
  hook,
  inputs,
  outputs,
  artifact,
  parameter,
  valueFrom,
  retryStrategy,
  sensor,
  dependency,
  filters,
  trigger,
  policy,
  triggerTemplate,
} as const;
export type SupportPlace = keyof typeof support;

/** Kinds that are read and checked, but that nothing runs yet. */
export const unsupportedKinds: readonly string[] = [];
