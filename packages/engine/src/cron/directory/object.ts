import { type CronDefinition, nextInstant } from "../definition.ts";
import type { CronState } from "../state.ts";
import type { CronObject, CronStatus } from "./port.ts";

const completedLabel = "cronworkflows.argoproj.io/completed";
/** Coming instants that a status shows. */
const shownInstants = 3;

/** Projects a cron workflow as Argo's clients read it. */
export function cronObject(definition: CronDefinition, state: CronState, now: number): CronObject {
  const { metadata, spec } = definition.manifest;
  const { annotations } = metadata;
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "CronWorkflow",
    metadata: {
      name: definition.name,
      namespace: definition.namespace,
      uid: state.uid,
      generation: definition.generation,
      resourceVersion: String(definition.revision),
      creationTimestamp: time(state.createdAt),
      labels: { ...metadata.labels, ...(state.phase === "Stopped" ? { [completedLabel]: "true" } : {}) },
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec,
    status: statusOf(definition, state, now),
  };
}

function statusOf(definition: CronDefinition, state: CronState, now: number): CronStatus {
  const { namespace } = definition;
  const { problem } = state;
  return {
    phase: state.phase,
    active: state.active.map(({ name, uid }) => ({ name, namespace, uid })),
    lastScheduledTime: state.lastScheduled === undefined ? null : time(state.lastScheduled),
    succeeded: state.succeeded,
    failed: state.failed,
    conditions:
      problem === undefined
        ? []
        : [{ type: problem.type, status: "True", message: `${time(problem.at)}: ${problem.message}` }],
    nextScheduledTimes: nextTimes(definition, state, now),
    missed: state.missed,
    skipped: state.skipped,
  };
}

function nextTimes(definition: CronDefinition, state: CronState, now: number): readonly string[] {
  if (definition.suspended || state.phase === "Stopped") return [];
  const times: string[] = [];
  let at = Math.max(now, state.decided);
  while (times.length < shownInstants) {
    const next = nextInstant(definition, at, state.anchor);
    if (next === undefined) break;
    times.push(time(next));
    at = next;
  }
  return times;
}

/** To the second, as Kubernetes writes times. */
const time = (ms: number): string => new Date(ms).toISOString().replace(/\.\d{3}Z$/, "Z");
