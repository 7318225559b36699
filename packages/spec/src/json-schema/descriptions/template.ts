import { ContinueOn, LifecycleHook, Sequence, TemplateRef } from "../../workflow/control.ts";
import { Dag, DagTask, InlineTemplate, Template, WorkflowStep } from "../../workflow/template.ts";
import { type Described, pod, type Rows } from "./rows.ts";

const leafRows: Rows = {
  ...pod,
  name: "How steps, tasks and the entrypoint name it: letters, digits and '-'.",
  inputs: "Parameters and artifacts that callers give.",
  outputs: "Parameters and artifacts that callers can use afterwards.",
  container: "One container; its exit code decides.",
  script: "A container that runs a text as a file.",
  suspend: "Waits for a resume, or for a duration.",
  http: "One HTTP request.",
  data: "A list made of an artifact repository's keys, transformed by expressions.",
  resource: "Gets, creates, applies, deletes, replaces or patches a Kubernetes object.",
  containerSet: "Several containers in one pod, in an order.",
  plugin: "Run by an executor plugin of this name.",
  metadata: "Labels and annotations of the pod.",
  annotations: "Annotations of the node; workflows.argoproj.io/display-name is how it is shown.",
  retryStrategy: "Whether and how it is tried again.",
  activeDeadlineSeconds: "Most seconds that an attempt may run; leaf templates only.",
  timeout: 'Longest time for the node, waiting included: "30s", "5m"; leaf templates only.',
  pendingTimeout: "Longest time that its pod may wait to start.",
  parallelism: "Most children that run at once; steps and dag only.",
  failFast: "With parallelism: start no more children once one has failed.",
  synchronization: "Locks that it holds while it runs.",
  memoize: "A cache of its outputs, by key.",
  metrics: "Metrics emitted when the node ends, or while it runs.",
  daemon: "Goes on running while the steps after it run.",
  initContainers: "Containers that run to their end before the main one.",
  sidecars: "Containers that run beside the main one.",
  archiveLocation: "Where logs and artifacts without a place of their own go.",
  priorityClassName: "Kubernetes priority class of the pod.",
  priority: "Kubernetes priority of the pod.",
};

const stepRows: Rows = {
  name: "Its name in this template: others refer to it.",
  template: "Name of the template that it runs.",
  templateRef: "A template of a WorkflowTemplate that it runs.",
  inline: "A template written here; a leaf.",
  arguments: "Values for the template's inputs.",
  withItems: "Runs once for each item of this list; {{item}} is the item.",
  withParam: "Runs once for each item of a JSON list, given as a text with tags.",
  withSequence: "Runs once for each number of a sequence.",
  when: "Runs only when this holds, for example {{steps.flip.outputs.result}} == heads.",
  hooks: "Templates that run when an expression holds, or (exit) at the end.",
  onExit: "Template that runs at its end; write hooks.exit instead.",
  continueOn: "Ends that do not stop the workflow.",
};

/** Of templates, and of steps and tasks that call them. */
export const templateRows: Described = [
  [
    Template,
    {
      ...leafRows,
      steps: "Groups of steps, one group after the other; steps of a group run at once.",
      dag: "Tasks that run when what they depend on is done.",
    },
  ],
  [InlineTemplate, leafRows],
  [WorkflowStep, stepRows],
  [
    DagTask,
    {
      ...stepRows,
      dependencies: "Tasks that must succeed, or be skipped, before it.",
      depends: "When it may run: A && (B.Succeeded || C.Failed).",
    },
  ],
  [
    Dag,
    {
      tasks: "The tasks, in any order.",
      target: "Run only these tasks and what they need; names with spaces between.",
      failFast: "Default true: once a task has failed, no more tasks are started.",
    },
  ],
  [
    TemplateRef,
    {
      name: "Name of the WorkflowTemplate.",
      template: "Name of one of its templates.",
      clusterScope: "Whether it is a ClusterWorkflowTemplate.",
    },
  ],
  [
    Sequence,
    {
      count: "How many numbers.",
      start: "The first number; default 0.",
      end: "The last number; below start it counts down.",
      format: "How a number is printed: testuser%02X.",
    },
  ],
  [ContinueOn, { error: "Go on after an Error.", failed: "Go on after a Failed." }],
  [
    LifecycleHook,
    {
      template: "Name of the template that it runs.",
      templateRef: "A template of a WorkflowTemplate that it runs.",
      arguments: "Values for the template's inputs.",
      expression: "When it runs; only exit needs none.",
    },
  ],
];
