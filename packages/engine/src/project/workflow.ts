import { localScope, scopeText } from "../definitions/library.ts";
import { ownSpec } from "../run/create.ts";
import { runAsk } from "../run/state/asks.ts";
import type { Node } from "../run/state/node.ts";
import { isFulfilled } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import { gcStrategyOf } from "./artifact-gc.ts";
import type { LiveSteps } from "./live-step.ts";
import { synchronizationOf, waitedLock } from "./synchronization.ts";
import { Totals } from "./totals.ts";
import type { WorkflowNode, WorkflowObject } from "./workflow-object.ts";

const label = (name: string): string => `workflows.argoproj.io/${name}`;

/** Projects a run as Argo's clients read it. `seq` (the journal position) is its resourceVersion. */
export function projectWorkflow(run: Run, seq = 0, live: LiveSteps = () => undefined): WorkflowObject {
  const { workflow } = run.submitted;
  const { annotations } = run;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: {
      ...(workflow.metadata.generateName === undefined
        ? {}
        : { generateName: workflow.metadata.generateName }),
      name: run.key.name,
      namespace: run.key.namespace,
      uid: run.uid,
      resourceVersion: String(seq),
      creationTimestamp: time(run.origin.at),
      labels: labelsOf(run),
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: specOf(run),
    status: statusOf(run, live),
  };
}

function specOf(run: Run): unknown {
  // With a workflowTemplateRef the defaults are shown in what is stored of it, as they come under the template's.
  const isOwn = run.submitted.workflow.spec.workflowTemplateRef === undefined;
  const spec = isOwn ? ownSpec(run.submitted) : run.submitted.workflow.spec;
  return {
    ...spec,
    ...(run.suspended ? { suspend: true } : spec.suspend === undefined ? {} : { suspend: undefined }),
    ...(run.shutdown === undefined ? {} : { shutdown: run.shutdown.strategy }),
  };
}

/** Labels of the manifest with those that Argo's controller keeps. */
export function labelsOf(run: Run): Record<string, string> {
  const { by } = run.submitted;
  return {
    ...run.labels,
    [label("phase")]: run.phase,
    [label("completed")]: String(run.stage === "done"),
    ...(by.kind === "api" ? { [label("creator")]: labelValue(by.user) } : {}),
    ...(by.kind === "schedule" ? { [label("cron-workflow")]: by.cron } : {}),
    ...(by.kind === "trigger"
      ? { "events.argoproj.io/sensor": by.sensor, "events.argoproj.io/trigger": by.trigger }
      : {}),
  };
}

const labelValue = (text: string): string =>
  text
    .replaceAll(/[^A-Za-z0-9_.-]/g, "-")
    .replaceAll(/^[^A-Za-z0-9]+|[^A-Za-z0-9]+$/g, "")
    .slice(0, 63);

function statusOf(run: Run, live: LiveSteps): WorkflowObject["status"] {
  const nodes: Record<string, WorkflowNode> = {};
  const totals = new Totals(run, live);
  for (const node of run.nodes.values()) nodes[node.id] = nodeOf(run, node, totals, live);
  const message = (run.phase === "Pending" ? live(runAsk)?.pending : undefined) ?? run.message;
  const synchronization = synchronizationOf(run, live);
  return {
    phase: run.phase,
    ...(message === undefined ? {} : { message }),
    ...(synchronization === undefined ? {} : { synchronization }),
    startedAt: run.phase === "Pending" ? null : time(run.startedAt),
    finishedAt: run.finishedAt === undefined ? null : time(run.finishedAt),
    progress: totals.all.progress ?? "0/0",
    nodes,
    ...withoutEmpty({
      estimatedDuration: run.estimate?.seconds,
      resourcesDuration: totals.all.resourcesDuration,
    }),
    conditions: conditionsOf(run, nodes),
    ...storedOf(run),
    ...outputsOf(run),
  };
}

/** Argo's: whether a pod runs, for a run that began, and whether it is over. */
function conditionsOf(run: Run, nodes: Readonly<Record<string, WorkflowNode>>): readonly object[] {
  const isRunning = Object.values(nodes).some(({ type, phase }) => type === "Pod" && phase === "Running");
  const began = run.nodes.size > 0 ? [{ type: "PodRunning", status: isRunning ? "True" : "False" }] : [];
  return run.stage === "done" ? [...began, { type: "Completed", status: "True" }] : began;
}

function outputsOf(run: Run): { readonly outputs?: object } {
  const parameters = [...run.globals].map(([name, value]) => ({ name, value }));
  const artifacts = [...run.globalArtifacts].map(([name, artifact]) => ({ ...artifact, name }));
  if (parameters.length + artifacts.length === 0) return {};
  return {
    outputs: {
      ...(parameters.length === 0 ? {} : { parameters }),
      ...(artifacts.length === 0 ? {} : { artifacts }),
    },
  };
}

/** What the run took from elsewhere, under Argo's names. */
function storedOf(run: Run): Record<string, unknown> {
  const { definitions } = run;
  if (definitions === "none" || definitions === "wanted") return {};
  const stored = Object.entries(definitions.templates ?? {}).flatMap(([scope, templates]) =>
    templates.map((template) => [`${scope}/${template.name ?? ""}`, template] as const),
  );
  return {
    ...(definitions.base === undefined ? {} : { storedWorkflowTemplateSpec: run.spec }),
    ...(stored.length === 0 ? {} : { storedTemplates: Object.fromEntries(stored) }),
  };
}

function nodeOf(run: Run, node: Node, totals: Totals, live: LiveSteps): WorkflowNode {
  const now = isFulfilled(node) ? undefined : live(node.stepId ?? node.id);
  const waited = isFulfilled(node) ? undefined : waitedLock(run.asks.get(node.id), live);
  return {
    id: node.id,
    name: node.name,
    displayName: node.displayName,
    type: node.type,
    templateScope: scopeText(node.templateScope ?? localScope, run.key.name),
    phase: now?.started === undefined ? node.phase : "Running",
    startedAt: time(now?.started?.at ?? node.startedAt),
    finishedAt: node.finishedAt === undefined ? null : time(node.finishedAt),
    ...withoutEmpty({
      templateName: node.templateRef === undefined ? node.templateName : undefined,
      templateRef: node.templateRef,
      boundaryID: node.boundaryId,
      message: now?.started === undefined ? (now?.pending ?? node.message) : node.message,
      ...totals.of(node),
      estimatedDuration: estimateOf(run, node),
      inputs: inputsOf(node),
      outputs: outputsOfNode(run, node),
      children: node.children.length === 0 ? undefined : [...node.children],
      outboundNodes: node.outboundNodes,
      hostNodeName: now?.started?.host ?? node.hostNodeName,
      daemoned: node.daemoned,
      podIP: node.podIp,
      nodeFlag: flagsOf(node),
      memoizationStatus: node.memo,
      synchronizationStatus: waited === undefined ? undefined : { waiting: waited.key },
    }),
  };
}

/** Nodes of one run all begin with its name, but for those that a repeat took from another. */
function estimateOf({ key, estimate }: Run, { name }: Node): number | undefined {
  if (estimate === undefined || !name.startsWith(key.name)) return undefined;
  const behind = name.slice(key.name.length);
  return Object.hasOwn(estimate.nodes, behind) ? estimate.nodes[behind] : undefined;
}

const inputsOf = ({ inputs, inputArtifacts }: Node): object | undefined =>
  inputs === undefined && inputArtifacts === undefined
    ? undefined
    : withoutEmpty({ parameters: inputs, artifacts: inputArtifacts });

/** Artifacts that go when the run is over are shown as gone then. */
function outputsOfNode(run: Run, { outputs }: Node): object | undefined {
  if (run.stage !== "done" || outputs?.artifacts === undefined) return outputs;
  const artifacts = outputs.artifacts.map((artifact) =>
    gcStrategyOf(run.spec, artifact) === "OnWorkflowCompletion" ? { ...artifact, deleted: true } : artifact,
  );
  return { ...outputs, artifacts };
}

const flagsOf = (node: Node): object | undefined =>
  node.hooked === true || node.retried === true
    ? withoutEmpty({ hooked: node.hooked, retried: node.retried })
    : undefined;

const withoutEmpty = (fields: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== ""));

/** RFC 3339 with milliseconds: clients read it as they do whole seconds, and durations are worth showing. */
const time = (ms: number): string => new Date(ms).toISOString();
