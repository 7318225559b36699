import { emissionsOf, runEmissionsOf } from "../metrics/derive.ts";
import type { MetricEmission } from "../metrics/emission.ts";
import type { Effects } from "../run/reduce.ts";
import type { Unit } from "../run/state/frames.ts";
import type { Run } from "../run/state/run.ts";
import type { LoopDeps } from "./deps.ts";

const one = (name: string, help: string, labels: Readonly<Record<string, string>>): MetricEmission => ({
  kind: "counter",
  name,
  help,
  value: 1,
  labels: Object.entries(labels),
});

/**
 * Emits what follows from the ends that this process has just stored: each end once. A restart does not emit ends of the
 * past again; an end that was stored right before a crash is not emitted at all.
 */
export function measure({ metrics, log }: LoopDeps, run: Run, effects: Effects): void {
  if (metrics === undefined || !run.isMeasured) return;
  const emissions = effects.ended.flatMap((unit) => [...stepCounts(run, unit), ...emissionsOf(run, unit)]);
  if (effects.finished) {
    run.isMeasured = false;
    emissions.push(...runEmissionsOf(run), runCount(run));
  }
  for (const reason of metrics.take(emissions))
    log.warn("a metric was not taken", { run: run.key.name, namespace: run.key.namespace, reason });
}

const runCount = (run: Run): MetricEmission =>
  one("total_count", "Workflows that ended, by phase", { phase: run.phase, namespace: run.key.namespace });

function stepCounts(run: Run, { node }: Unit): readonly MetricEmission[] {
  if (node?.stepId === undefined) return [];
  const labels = { phase: node.phase, namespace: run.key.namespace };
  return [one("pods_total_count", "Steps that ended, by phase", labels)];
}
