import { z } from "zod";
import { KubeList, KubeObject, ObjectMeta } from "../meta.ts";
import { LifecycleHook, Metadata, RetryStrategy, Synchronization } from "./control.ts";
import { Metrics } from "./metrics.ts";
import { Arguments } from "./parameter.ts";
import { Template } from "./template.ts";

export const WorkflowTemplateRef = z.strictObject({ name: z.string(), clusterScope: z.boolean().optional() });

/** Every field of Argo's WorkflowSpec; which of them the engine runs is said by `support/`. */
export const WorkflowSpec = z.strictObject({
  entrypoint: z.string().optional(),
  templates: z.array(Template).max(10_000).optional(),
  arguments: Arguments.optional(),
  workflowTemplateRef: WorkflowTemplateRef.optional(),
  templateDefaults: Template.optional(),
  retryStrategy: RetryStrategy.optional(),
  activeDeadlineSeconds: z.int().min(0).optional(),
  parallelism: z.int().min(1).optional(),
  priority: z.int().optional(),
  suspend: z.boolean().optional(),
  shutdown: z.enum(["Stop", "Terminate"]).optional(),
  onExit: z.string().optional(),
  hooks: z.record(z.string(), LifecycleHook).optional(),
  synchronization: Synchronization.optional(),
  ttlStrategy: z
    .strictObject({
      secondsAfterCompletion: z.int().optional(),
      secondsAfterSuccess: z.int().optional(),
      secondsAfterFailure: z.int().optional(),
    })
    .optional(),
  podGC: KubeObject.optional(),
  volumeClaimTemplates: KubeList.optional(),
  volumeClaimGC: KubeObject.optional(),
  volumes: KubeList.optional(),
  artifactRepositoryRef: KubeObject.optional(),
  artifactGC: KubeObject.optional(),
  archiveLogs: z.boolean().optional(),
  metrics: Metrics.optional(),
  workflowMetadata: z
    .strictObject({
      ...Metadata.shape,
      labelsFrom: z.record(z.string(), z.strictObject({ expression: z.string() })).optional(),
    })
    .optional(),
  podMetadata: Metadata.optional(),
  podSpecPatch: z.string().optional(),
  podDisruptionBudget: KubeObject.optional(),
  podPriorityClassName: z.string().optional(),
  podPriority: z.int().optional(),
  podResources: KubeObject.optional(),
  resourceClaims: KubeList.optional(),
  serviceAccountName: z.string().optional(),
  automountServiceAccountToken: z.boolean().optional(),
  executor: KubeObject.optional(),
  executorPlugins: z.json().optional(),
  nodeSelector: z.record(z.string(), z.string()).optional(),
  affinity: KubeObject.optional(),
  tolerations: KubeList.optional(),
  imagePullSecrets: KubeList.optional(),
  hostNetwork: z.boolean().optional(),
  dnsPolicy: z.string().optional(),
  dnsConfig: KubeObject.optional(),
  hostAliases: KubeList.optional(),
  schedulerName: z.string().optional(),
  securityContext: KubeObject.optional(),
});
export type WorkflowSpec = z.infer<typeof WorkflowSpec>;

const frame = <K extends string>(kind: K) => ({
  apiVersion: z.literal("argoproj.io/v1alpha1"),
  kind: z.literal(kind),
  metadata: ObjectMeta,
  /** Written by the incumbent's controller; accepted so that exported objects load, and ignored. */
  status: z.json().optional(),
});

/** A run that has no name is given one, so that one without metadata is whole. */
export const Workflow = z.strictObject({
  ...frame("Workflow"),
  metadata: ObjectMeta.default({}),
  spec: WorkflowSpec,
});
export type Workflow = z.infer<typeof Workflow>;

export const WorkflowTemplate = z.strictObject({ ...frame("WorkflowTemplate"), spec: WorkflowSpec });
export type WorkflowTemplate = z.infer<typeof WorkflowTemplate>;

export const ClusterWorkflowTemplate = z.strictObject({
  ...frame("ClusterWorkflowTemplate"),
  spec: WorkflowSpec,
});
export type ClusterWorkflowTemplate = z.infer<typeof ClusterWorkflowTemplate>;

export const CronWorkflow = z.strictObject({
  ...frame("CronWorkflow"),
  spec: z.strictObject({
    schedule: z.string().optional(),
    schedules: z.array(z.string()).optional(),
    timezone: z.string().optional(),
    /** Empty means Allow. */
    concurrencyPolicy: z.enum(["Allow", "Forbid", "Replace", ""]).optional(),
    startingDeadlineSeconds: z.int().nullable().optional(),
    successfulJobsHistoryLimit: z.int().optional(),
    failedJobsHistoryLimit: z.int().optional(),
    suspend: z.boolean().optional(),
    stopStrategy: z.strictObject({ expression: z.string() }).optional(),
    when: z.string().optional(),
    workflowMetadata: Metadata.optional(),
    workflowSpec: WorkflowSpec,
  }),
});
export type CronWorkflow = z.infer<typeof CronWorkflow>;
