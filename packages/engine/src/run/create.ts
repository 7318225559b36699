import {
  argumentsAnnotation,
  mergeSpecs,
  type RunSubmitted,
  type Template,
  type WorkflowSpec,
} from "@sluice/spec";
import { needsDefinitions } from "../definitions/reach.ts";
import { artifactsOf, bindParameters } from "./arguments.ts";
import { noHooks } from "./state/frames.ts";
import { defaultLimits, noChanges, type Run, type RunLimits } from "./state/run.ts";
import { TimerQueue } from "./state/timers.ts";

/** A run as its first fact makes it: Pending until an engine takes it. */
export function createRun(submitted: RunSubmitted, limits: Partial<RunLimits> = {}): Run {
  const spec = ownSpec(submitted);
  const { metadata } = submitted.workflow;
  const under = submitted.defaults?.metadata;
  const labels = { ...under?.labels, ...metadata.labels };
  const annotations = { ...under?.annotations, ...metadata.annotations, ...markOf(submitted) };
  const run: Run = {
    key: { namespace: submitted.namespace, name: submitted.name },
    uid: submitted.uid,
    origin: originOf(submitted),
    submitted,
    spec,
    templates: new Map((spec.templates ?? []).map((t: Template) => [t.name ?? "", t])),
    limits: { ...defaultLimits, ...limits },
    parameters: new Map(),
    artifacts: artifactsOf(spec),
    definitions: needsDefinitions(spec) ? "wanted" : "none",
    library: new Map(),
    configMaps: new Map(),
    lateKeys: new Map(),
    labels: { ...labels, ...templateLabels(spec) },
    annotations,
    nodes: new Map(),
    phase: "Pending",
    startedAt: submitted.at,
    now: submitted.at,
    steps: new Map(),
    suspends: new Map(),
    elsewhere: new Map(),
    timers: new TimerQueue(),
    globals: new Map(),
    globalArtifacts: new Map(),
    suspended: spec.suspend === true,
    overdue: false,
    deleted: false,
    sealed: false,
    stage: "main",
    hookState: noHooks(),
    daemons: new Set(),
    restarting: 0,
    activePods: 0,
    held: [],
    heldGates: [],
    isLimited: false,
    asks: new Map(),
    askCount: 0,
    locks: new Map(),
    saves: new Map(),
    settled: [],
    realtime: new Map(),
    isMeasured: false,
    changes: noChanges(),
  };
  if (spec.shutdown !== undefined)
    run.shutdown = { type: "stop", at: submitted.at, by: "manifest", strategy: spec.shutdown };
  run.parameters = bindParameters(run);
  return run;
}

function originOf({ uid, at, reuse }: RunSubmitted): Run["origin"] {
  return reuse?.kind === "retry"
    ? { uid: reuse.earlier?.[0] ?? reuse.of.uid, at: reuse.createdAt ?? at }
    : { uid, at };
}

/** The workflow's own spec over the defaults; a template's comes between the two when it is known. */
export const ownSpec = ({ workflow, defaults }: RunSubmitted): WorkflowSpec =>
  defaults?.spec === undefined ? workflow.spec : mergeSpecs(workflow.spec, defaults.spec);

/** Event data stays data when a person repeats the run. */
const markOf = ({ by, workflow }: RunSubmitted): Record<string, string> =>
  by.kind === "trigger" && (workflow.spec.arguments?.parameters ?? []).length > 0
    ? { [argumentsAnnotation]: "data" }
    : {};

/** Argo's label of a run that comes from a template. */
function templateLabels({ workflowTemplateRef: ref }: WorkflowSpec): Record<string, string> {
  if (ref === undefined) return {};
  const name = ref.clusterScope === true ? "cluster-workflow-template" : "workflow-template";
  return { [`workflows.argoproj.io/${name}`]: ref.name };
}
