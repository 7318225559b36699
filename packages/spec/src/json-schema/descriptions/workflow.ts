import { Metadata } from "../../workflow/control.ts";
import { CronWorkflow, Workflow, WorkflowSpec, WorkflowTemplateRef } from "../../workflow/workflow.ts";
import { type Described, pod, type Rows } from "./rows.ts";

const frameRows: Rows = {
  apiVersion: "Always argoproj.io/v1alpha1.",
  kind: "What this object is.",
  metadata: "Name or generateName, namespace, labels, annotations.",
  spec: "What it is to do.",
  status: "Written by the engine; ignored here.",
};

/** Of workflows and cron workflows as a whole. */
export const workflowRows: Described = [
  [Workflow, frameRows],
  [CronWorkflow, frameRows],
  [
    CronWorkflow.shape.spec,
    {
      schedule: "One cron line; write schedules instead.",
      schedules: 'Cron lines: "0 8 * * 1-5", "@hourly".',
      timezone: "IANA time zone of the schedules; default: the engine's.",
      concurrencyPolicy: "When the last run still runs: Allow (default), Forbid or Replace.",
      startingDeadlineSeconds: "How late a missed start may still be made; 0 or absent: not at all.",
      successfulJobsHistoryLimit: "Succeeded runs that are kept; default 3.",
      failedJobsHistoryLimit: "Failed runs that are kept; default 1.",
      suspend: "Start no more runs.",
      stopStrategy: "Stop for good when an expression holds, as cronworkflow.failed >= 3.",
      when: "Start only when this expression holds.",
      workflowMetadata: "Labels and annotations of the runs.",
      workflowSpec: "The workflow that is started.",
    },
  ],
  [
    WorkflowSpec,
    {
      ...pod,
      entrypoint: "Name of the template that runs first.",
      templates: "What the workflow is made of.",
      arguments:
        "Parameters ({{workflow.parameters.x}}) and artifacts; they fill the entrypoint's inputs too.",
      workflowTemplateRef: "A WorkflowTemplate whose spec this is, but for what is written here.",
      templateDefaults: "Fields that every template has unless it says otherwise.",
      retryStrategy: "For every template that has none of its own.",
      activeDeadlineSeconds: "Most seconds that the workflow may run; exit handlers still run.",
      parallelism: "Most leaf nodes that run at once.",
      priority: "The higher goes first where workflows wait for a place or a lock; default 0.",
      suspend: "Starts suspended.",
      shutdown: "Stop (exit handlers run) or Terminate (they do not).",
      onExit: "Template that runs at the end; write hooks.exit instead.",
      hooks: "Templates that run when an expression over the workflow holds, or (exit) at its end.",
      synchronization: "Locks that the workflow holds while it runs.",
      ttlStrategy: "How long it is kept after its end.",
      podGC: "When pods are deleted.",
      volumeClaimTemplates: "Volume claims made at the start.",
      volumeClaimGC: "When those volume claims are deleted.",
      artifactRepositoryRef: "The ConfigMap that says where artifacts go.",
      artifactGC: "When artifacts are deleted.",
      archiveLogs: "Keep the main container's log as an artifact.",
      metrics: "Metrics emitted when the workflow ends, or while it runs.",
      workflowMetadata: "Labels and annotations added to the workflow; labelsFrom takes expressions.",
      podMetadata: "Labels and annotations of all pods.",
      podDisruptionBudget: "How many of its pods may be disturbed at once.",
      podPriorityClassName: "Kubernetes priority class of all pods.",
      podPriority: "Kubernetes priority of all pods; no longer used.",
      executorPlugins: "Executor plugins that the workflow may use.",
      imagePullSecrets: "Secrets with which images are pulled.",
      hostNetwork: "Whether pods use their node's network.",
      dnsPolicy: "How pods resolve names.",
      dnsConfig: "Resolver settings of pods.",
    },
  ],
  [
    WorkflowTemplateRef,
    { name: "Name of the WorkflowTemplate.", clusterScope: "Whether it is a ClusterWorkflowTemplate." },
  ],
  [Metadata, { labels: "Labels to be added.", annotations: "Annotations to be added." }],
];
