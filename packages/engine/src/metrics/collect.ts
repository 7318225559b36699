// What the engine says of itself, under the names that Argo's controller has where they fit.
import type { Clock } from "@sluice/base";
import type { LiveRun, RunRegistry } from "../loop/registry.ts";
import type { LockWish } from "../run/state/asks.ts";
import { realtimeOf } from "./derive.ts";
import type { MetricEmission } from "./emission.ts";
import { gauged } from "./emit.ts";

export interface EngineGauges {
  readonly registry: Pick<RunRegistry, "list">;
  readonly clock: Pick<Clock, "now">;
  /** Steps that wait for a slot of this process. */
  readonly waitingSteps?: () => number;
  /** Slots of this process that are taken. */
  readonly busySteps?: () => number;
}

/** Values of this moment: runs, steps, locks, queues, and the gauges in real time of running workflows. */
export function* engineMetrics({ registry, clock, ...slots }: EngineGauges): Iterable<MetricEmission> {
  const runs = registry.list();
  yield* byLabel("gauge", "Workflows in this engine by phase", "phase", runPhases(runs));
  yield* byLabel("pods_gauge", "Steps of this engine's workflows by phase", "phase", stepPhases(runs));
  yield* conditions(runs);
  yield* lockMetrics(runs);
  yield* slotMetrics(slots);
  yield gauged("queue_depth_gauge", "Waiting entries of the queue", placesWanted(runs), {
    queue_name: "workflow_places",
  });
  const now = clock.now();
  for (const { run } of runs) yield* realtimeOf(run, now);
}

function* byLabel(
  name: string,
  help: string,
  label: string,
  counts: ReadonlyMap<string, number>,
): Iterable<MetricEmission> {
  for (const [value, count] of counts) yield gauged(name, help, count, { [label]: value });
}

function* slotMetrics({
  waitingSteps,
  busySteps,
}: Pick<EngineGauges, "waitingSteps" | "busySteps">): Iterable<MetricEmission> {
  if (waitingSteps !== undefined)
    yield gauged("queue_depth_gauge", "Waiting entries of the queue", waitingSteps(), {
      queue_name: "step_slots",
    });
  if (busySteps !== undefined)
    yield gauged("workers_busy_count", "Slots that are taken", busySteps(), { worker_type: "step_slots" });
}

/** Under Argo's names: a workflow that runs has steps under way, or none. */
function* conditions(runs: readonly LiveRun[]): Iterable<MetricEmission> {
  let busy = 0;
  let idle = 0;
  for (const { run } of runs) {
    if (run.stage === "done") continue;
    if (run.steps.size > 0) busy += 1;
    else idle += 1;
  }
  const help = "Workflows of this engine that have the condition";
  yield gauged("workflow_condition", help, busy, { type: "PodRunning", status: "True" });
  yield gauged("workflow_condition", help, idle, { type: "PodRunning", status: "False" });
}

const isPlace = (wish: LockWish): boolean => wish.kind === "place";

function placesWanted(runs: readonly LiveRun[]): number {
  let wanted = 0;
  for (const { run } of runs)
    for (const ask of run.asks.values()) if (ask.kind === "locks" && ask.locks.some(isPlace)) wanted += 1;
  return wanted;
}

export const lockLabels = ({ kind, key, namespace }: LockWish): Readonly<Record<string, string>> => ({
  lock_type: kind === "mutex" || kind === "database-mutex" ? "mutex" : "semaphore",
  lock_name: key,
  namespace,
});

/** Of the runs of this engine: who holds a lock, and who waits for one. */
function* lockMetrics(runs: readonly LiveRun[]): Iterable<MetricEmission> {
  const counts = new Map<string, { readonly wish: LockWish; held: number; pending: number }>();
  const count = (wish: LockWish, what: "held" | "pending") => {
    if (isPlace(wish)) return;
    const there = counts.get(wish.key) ?? { wish, held: 0, pending: 0 };
    counts.set(wish.key, there);
    there[what] += 1;
  };
  for (const { run } of runs) {
    for (const { locks } of run.locks.values()) for (const wish of locks) count(wish, "held");
    for (const ask of run.asks.values())
      if (ask.kind === "locks") for (const wish of ask.locks) count(wish, "pending");
  }
  for (const { wish, held, pending } of counts.values()) {
    yield gauged("locks_held", "Holders of the lock in this engine", held, lockLabels(wish));
    yield gauged("locks_pending", "Who waits for the lock in this engine", pending, lockLabels(wish));
  }
}

function runPhases(runs: readonly LiveRun[]): ReadonlyMap<string, number> {
  const counts = new Map(["Pending", "Running", "Succeeded", "Failed", "Error"].map((phase) => [phase, 0]));
  for (const { run } of runs) counts.set(run.phase, (counts.get(run.phase) ?? 0) + 1);
  return counts;
}

function stepPhases(runs: readonly LiveRun[]): ReadonlyMap<string, number> {
  const counts = new Map([
    ["Pending", 0],
    ["Running", 0],
  ]);
  for (const live of runs)
    for (const [stepId, unit] of live.run.steps) {
      const isRunning = unit.node?.phase === "Running" || live.step(stepId)?.started !== undefined;
      const phase = isRunning ? "Running" : "Pending";
      counts.set(phase, (counts.get(phase) ?? 0) + 1);
    }
  return counts;
}
