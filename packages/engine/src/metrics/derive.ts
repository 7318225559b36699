// What the metrics that a workflow declares say: pure, so that the same run says the same.
import type { PrometheusMetric } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import { globalsScope, unitScope } from "../run/scopes.ts";
import type { Unit } from "../run/state/frames.ts";
import { isFulfilled, type Node } from "../run/state/node.ts";
import type { Run } from "../run/state/run.ts";
import { evaluateWhen, failureText, renderText } from "../values/language.ts";
import { fixed, type Scope } from "../values/scope.ts";
import type { MetricEmission, MetricLabel } from "./emission.ts";
import { resourcesDuration } from "./resources-duration.ts";

/** The metrics of a node's template, at its end. A gauge in real time comes once more, with its final value. */
export function emissionsOf(run: Run, unit: Unit): readonly MetricEmission[] {
  const { node } = unit;
  const declared = unit.shape.template.metrics?.prometheus;
  if (node === undefined || declared === undefined) return [];
  return emissions(declared, () => nodeScope(run, unit, node, run.now));
}

/** The workflow's own metrics, at its end. */
export function runEmissionsOf(run: Run): readonly MetricEmission[] {
  return emissions(run.spec.metrics?.prometheus ?? [], () => runScope(run, run.now));
}

/** Gauges in real time of what runs at `now`. */
export function realtimeOf(run: Run, now: number): readonly MetricEmission[] {
  if (run.stage === "done") return [];
  const own = (run.spec.metrics?.prometheus ?? []).filter(isRealtime);
  const at: Run = { ...run, now: Math.max(now, run.now) };
  const units = [...run.realtime.values()].flatMap((unit) => {
    const { node } = unit;
    const declared = (unit.shape.template.metrics?.prometheus ?? []).filter(isRealtime);
    return node === undefined ? [] : emissions(declared, () => nodeScope(at, unit, node, at.now));
  });
  return run.phase === "Pending" ? [] : [...emissions(own, () => runScope(at, at.now)), ...units];
}

export const isRealtime = (metric: PrometheusMetric): boolean => metric.gauge?.realtime === true;

function nodeScope(run: Run, unit: Unit, node: Node, now: number): Scope {
  // The last attempt speaks for its Retry node, back-offs included.
  const retry = unit.call.retry?.node;
  const spoken = retry?.lastAttempt === node && isFulfilled(retry) ? retry : node;
  const seconds = secondsOf(node, now);
  const values = { ...resourcesDuration(unit.shape.template, seconds), ...valuesOf(spoken, now) };
  return unitScope(run, unit).with(fixed(values));
}

/** The workflow's metrics have the values of its root node under their short names too. */
function runScope(run: Run, now: number): Scope {
  const root = run.nodes.get(run.key.name);
  const scope = globalsScope(run);
  return root === undefined ? scope : scope.with(fixed(valuesOf(root, now)));
}

const secondsOf = ({ startedAt, finishedAt }: Node, now: number): number =>
  Math.max(0, (finishedAt ?? now) - startedAt) / 1_000;

function valuesOf(node: Node, now: number): Record<string, string> {
  const { outputs, inputs = [] } = node;
  const values: Record<string, string> = {
    duration: secondsOf(node, now).toFixed(6),
    status: node.phase,
  };
  if (outputs?.exitCode !== undefined) values["exitCode"] = outputs.exitCode;
  if (outputs?.result !== undefined) values["outputs.result"] = outputs.result;
  for (const { name, value } of inputs)
    if (value !== undefined) values[`inputs.parameters.${name}`] = String(value);
  for (const { name, value } of outputs?.parameters ?? [])
    if (value !== undefined) values[`outputs.parameters.${name}`] = value;
  return values;
}

function emissions(metrics: readonly PrometheusMetric[], scopeOf: () => Scope): readonly MetricEmission[] {
  if (metrics.length === 0) return [];
  let scope: Scope | undefined;
  return metrics.flatMap((metric) => {
    const name = metric.name ?? "";
    try {
      scope ??= scopeOf();
      return emission(metric, name, scope);
    } catch (error) {
      return { kind: "problem", name, reason: failureText(error) };
    }
  });
}

function emission(metric: PrometheusMetric, name: string, scope: Scope): readonly MetricEmission[] {
  if (metric.when !== undefined && metric.when !== "" && !evaluateWhen(metric.when, scope).value) return [];
  const labels = (metric.labels ?? []).map(
    ({ key, value }): MetricLabel => [renderText(key, scope), renderText(value, scope)],
  );
  const common = { name, help: metric.help ?? "", labels };
  const { counter, gauge, histogram } = metric;
  if (counter !== undefined) return [{ kind: "counter", ...common, value: numberOf(counter.value, scope) }];
  if (gauge !== undefined)
    return [
      { kind: "gauge", ...common, operation: gauge.operation ?? "Set", value: numberOf(gauge.value, scope) },
    ];
  if (histogram === undefined)
    throw EngineError.TEMPLATE_INVALID({ reason: "metric has none of counter, gauge and histogram" });
  const buckets = (histogram.buckets ?? []).map((bound) => numberOf(String(bound), scope));
  return [{ kind: "histogram", ...common, buckets, value: numberOf(histogram.value, scope) }];
}

function numberOf(text: string, scope: Scope): number {
  const rendered = renderText(text, scope).trim();
  const value = Number(rendered);
  if (rendered === "" || Number.isNaN(value))
    throw EngineError.VALUE_UNRESOLVED({ reason: `the value '${rendered.slice(0, 100)}' is not a number` });
  return value;
}
