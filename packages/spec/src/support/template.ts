// Templates and their bodies.
import type { Container, Script } from "../workflow/container.ts";
import type { Dag, DagTask, Template } from "../workflow/template.ts";
import type { Row } from "./row.ts";

export const template: Row<Template> = {
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

export const container: Row<Container & Script> = {
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
  livenessProbe: "runs",
  /** Of a daemon, wherever it runs; of other steps nobody waits for it. */
  readinessProbe: "runs",
  startupProbe: "runs",
  lifecycle: "pod",
  imagePullPolicy: "pod",
  securityContext: "pod",
  stdin: "pod",
  stdinOnce: "pod",
  tty: "pod",
};

export const suspend: Row<Exclude<Template["suspend"], undefined>> = { duration: "runs" };

export const step: Row<DagTask> = {
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

export const dag: Row<Dag> = { tasks: "runs", target: "runs", failFast: "runs" };
