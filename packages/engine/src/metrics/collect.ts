// What the engine says of itself, under the names that Argo's controller has where they fit.
import type { Clock } from "@sluice/base";
import type { LiveRun, RunRegistry } from "../loop/registry.ts";
import { realtimeOf } from "./derive.ts";
import type { MetricEmission } from "./emission.ts";

export interface EngineGauges {
  readonly registry: Pick<RunRegistry, "list">;
  readonly clock: Pick<Clock, "now">;
  /** Steps that wait for a slot of this process. */
  readonly waitingSteps?: () => number;
}

const gauge = (name: string, help: string, value: number, labels: Readonly<Record<string, string>> = {}) =>
  ({ kind: "gauge", operation: "Set", name, help, value, labels: Object.entries(labels) }) as const;

/** Values of this moment: runs and steps by phase, the queue, and the gauges in real time of running workflows. */
export function* engineMetrics({ registry, clock, waitingSteps }: EngineGauges): Iterable<MetricEmission> {
  const runs = registry.list();
  yield* counted("gauge", "Workflows in this engine by phase", runPhases(runs));
  yield* counted("pods_gauge", "Steps of this engine's workflows by phase", stepPhases(runs));
  if (waitingSteps !== undefined)
    yield gauge("queue_depth_gauge", "Waiting entries of the queue", waitingSteps(), {
      queue_name: "step_slots",
    });
  const now = clock.now();
  for (const { run } of runs) yield* realtimeOf(run, now);
}

function* counted(name: string, help: string, counts: ReadonlyMap<string, number>): Iterable<MetricEmission> {
  for (const [phase, count] of counts) yield gauge(name, help, count, { phase });
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
