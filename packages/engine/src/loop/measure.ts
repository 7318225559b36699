import { lockLabels } from "../metrics/collect.ts";
import { emissionsOf, runEmissionsOf } from "../metrics/derive.ts";
import type { MetricEmission } from "../metrics/emission.ts";
import { counted, timed } from "../metrics/emit.ts";
import type { Effects } from "../run/reduce.ts";
import type { LockWish } from "../run/state/asks.ts";
import type { Unit } from "../run/state/frames.ts";
import type { Run } from "../run/state/run.ts";
import type { LoopDeps } from "./deps.ts";

/**
 * Emits what follows from the ends that this process has just stored: each end once. A restart does not emit ends of the
 * past again; an end that was stored right before a crash is not emitted at all.
 */
export function measure({ metrics, log }: LoopDeps, run: Run, effects: Effects): void {
  if (metrics === undefined || !run.isMeasured) return;
  const emissions = effects.ended.flatMap((unit) => [...stepCounts(run, unit), ...emissionsOf(run, unit)]);
  if (effects.finished) {
    run.isMeasured = false;
    emissions.push(...runEmissionsOf(run), runCount(run), ...templateMetrics(run));
  }
  for (const reason of metrics.take(emissions))
    log.warn("a metric was not taken", { run: run.key.name, namespace: run.key.namespace, reason });
}

const runCount = (run: Run): MetricEmission =>
  counted("total_count", "Workflows that ended, by phase", {
    phase: run.phase,
    namespace: run.key.namespace,
  });

function stepCounts(run: Run, { node }: Unit): readonly MetricEmission[] {
  if (node?.stepId === undefined) return [];
  const labels = { phase: node.phase, namespace: run.key.namespace };
  return [counted("pods_total_count", "Steps that ended, by phase", labels)];
}

const runtimeBuckets = [1, 5, 10, 30, 60, 300, 600, 1_800, 3_600, 10_800, 43_200];

/** Of runs of a whole template. */
function templateMetrics(run: Run): readonly MetricEmission[] {
  const ref = run.submitted.workflow.spec.workflowTemplateRef;
  if (ref === undefined) return [];
  const isCluster = ref.clusterScope === true;
  const { namespace } = run.key;
  const labels = { name: ref.name, namespace, cluster_scope: String(isCluster) };
  const seconds = Math.max(0, (run.finishedAt ?? run.now) - run.startedAt) / 1_000;
  return [
    counted("workflowtemplate_triggered_total", "Runs of a template that ended, by phase", {
      ...labels,
      phase: run.phase,
    }),
    timed("workflowtemplate_runtime", "Seconds from start to end of a template's runs", {
      ...{ seconds, buckets: runtimeBuckets, labels },
    }),
  ];
}

const operationBuckets = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5];

/** One turn of a run: what came in is stored and folded, and what follows is begun. */
export function measureTurn({ metrics }: LoopDeps, ms: number): void {
  metrics?.take([
    timed(
      "operation_duration_seconds",
      "Seconds of one turn of a workflow: store, fold, begin what follows",
      {
        ...{ seconds: ms / 1_000, buckets: operationBuckets },
      },
    ),
  ]);
}

/** Locks that were given to a run of this process. */
export function measureLocks({ metrics }: LoopDeps, locks: readonly LockWish[]): void {
  metrics?.take(
    locks
      .filter(({ kind }) => kind !== "place")
      .map((wish) =>
        counted("locks_taken_total", "Times that the lock was given to a run here", lockLabels(wish)),
      ),
  );
}
