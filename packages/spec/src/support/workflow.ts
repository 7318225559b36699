// What a workflow says as a whole, and what stands in every place of it.
import type { LifecycleHook, RetryStrategy } from "../workflow/control.ts";
import type { Workflow } from "../workflow/workflow.ts";
import type { Row } from "./row.ts";

export const workflow: Row<Workflow["spec"]> = {
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

export const hook: Row<LifecycleHook> = {
  template: "runs",
  arguments: "runs",
  expression: "runs",
  templateRef: "runs",
};

export const retryStrategy: Row<RetryStrategy> = {
  limit: "runs",
  retryPolicy: "runs",
  backoff: "runs",
  expression: "runs",
  affinity: "pod",
};
