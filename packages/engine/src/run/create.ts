import type { Artifact, RunSubmitted, Template } from "@sluice/spec";
import { globalsOf } from "../values/globals.ts";
import { renderNamed } from "../values/language.ts";
import { Scope } from "../values/scope.ts";
import { noHooks } from "./state/frames.ts";
import { defaultLimits, noChanges, type Run, type RunLimits } from "./state/run.ts";
import { TimerQueue } from "./state/timers.ts";

/** A run as its first fact makes it: Pending until an engine takes it. */
export function createRun(submitted: RunSubmitted, limits: Partial<RunLimits> = {}): Run {
  const { spec } = submitted.workflow;
  const parameters = new Map<string, string>();
  const artifacts = new Map<string, Artifact>();
  const run: Run = {
    key: { namespace: submitted.namespace, name: submitted.name },
    uid: submitted.uid,
    submitted,
    spec,
    templates: new Map((spec.templates ?? []).map((t: Template) => [t.name ?? "", t])),
    limits: { ...defaultLimits, ...limits },
    parameters,
    artifacts,
    nodes: new Map(),
    phase: "Pending",
    startedAt: submitted.at,
    now: submitted.at,
    steps: new Map(),
    suspends: new Map(),
    timers: new TimerQueue(),
    globals: new Map(),
    globalArtifacts: new Map(),
    suspended: spec.suspend === true,
    overdue: false,
    deleted: false,
    sealed: false,
    stage: "main",
    hookState: noHooks(),
    activePods: 0,
    podCount: 0,
    podsSucceeded: 0,
    held: [],
    settled: [],
    changes: noChanges(),
  };
  if (spec.shutdown !== undefined)
    run.shutdown = { type: "stop", at: submitted.at, by: "manifest", strategy: spec.shutdown };
  bindParameters(run, parameters);
  for (const artifact of spec.arguments?.artifacts ?? []) artifacts.set(artifact.name, artifact);
  return run;
}

/**
 * Workflow arguments. Their values may name the run (`{{workflow.name}}`), but never each other; those of a run that a
 * trigger asked for carry event data, so nothing in them is ever taken for a tag.
 */
function bindParameters(run: Run, parameters: Map<string, string>): void {
  const plain = run.submitted.by.kind === "trigger";
  const scope = new Scope(run.now, globalsOf(run));
  for (const p of run.spec.arguments?.parameters ?? []) {
    const value = p.value ?? p.default ?? p.valueFrom?.default;
    if (value !== undefined) parameters.set(p.name, plain ? value : renderNamed(value, scope));
  }
}
