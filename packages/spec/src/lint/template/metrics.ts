import { isObject } from "@sluice/base";
import type { IssueSink, Path } from "../../issue.ts";
import type { Template } from "../../workflow/template.ts";
import { lintWhen } from "../expressions.ts";
import type { WorkflowLint } from "../workflow/context.ts";

const namePattern = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** Declared metrics: names, labels, help, exactly one kind with its value. */
export function lintMetrics(
  { sink }: WorkflowLint,
  metrics: Template["metrics"],
  path: Path,
  title: string,
): void {
  for (const [i, metric] of (metrics?.prometheus ?? []).entries()) {
    const at = [...path, "prometheus", i];
    const name = typeof metric["name"] === "string" ? metric["name"] : "";
    if (!namePattern.test(name)) {
      const message = `${title} metric name '${name}' is invalid. Metric names must contain alphanumeric characters or '_'`;
      sink.error("SPEC_NAME", [...at, "name"], { message, hint: "begin it with a letter" });
    }
    if (typeof metric["help"] !== "string" || metric["help"] === "") {
      const message = `${title} metric '${name}' must contain a help string under 'help: ' field`;
      sink.error("SPEC_FIELD_MISSING", [...at, "help"], { message, hint: "say what it counts" });
    }
    lintLabels(sink, metric["labels"], [...at, "labels"], `${title} metric '${name}'`);
    if (typeof metric["when"] === "string" && metric["when"].trim() !== "")
      lintWhen(sink, metric["when"], [...at, "when"], "data");
    lintValue(sink, metric, at, `${title} metric '${name}'`);
  }
}

function lintLabels(sink: IssueSink, labels: unknown, path: Path, place: string): void {
  if (!Array.isArray(labels)) return;
  for (const [i, label] of labels.entries()) {
    const key: unknown = isObject(label) ? label["key"] : undefined;
    if (typeof key === "string" && namePattern.test(key)) continue;
    const message = `${place} metric label '${String(key ?? "")}' is invalid: keys may only contain alphanumeric characters or '_'`;
    sink.error("SPEC_NAME", [...path, i, "key"], { message, hint: "begin it with a letter" });
  }
}

const kinds = ["counter", "gauge", "histogram"] as const;

function lintValue(
  sink: IssueSink,
  metric: Readonly<Record<string, unknown>>,
  path: Path,
  place: string,
): void {
  const given = kinds.filter((kind) => metric[kind] !== undefined && metric[kind] !== null);
  const [kind, second] = given;
  if (kind === undefined || second !== undefined) {
    const message = `${place} error: exactly one of ${kinds.join(", ")} is wanted`;
    sink.error("SPEC_CONFLICT", path, { message, hint: 'for example counter: {value: "1"}' });
    return;
  }
  const body = metric[kind];
  const value: unknown = isObject(body) ? body["value"] : undefined;
  if (value === undefined || value === null || value === "") {
    const message = `${place} error: missing ${kind}.value`;
    sink.error("SPEC_FIELD_MISSING", [...path, kind, "value"], {
      message,
      hint: 'a text, for example "1" or "{{duration}}"',
    });
    return;
  }
  if (kind === "gauge" && isObject(body)) lintGauge(sink, body, [...path, kind], place);
}

const operations = ["Set", "Add", "Sub"];

function lintGauge(
  sink: IssueSink,
  gauge: Readonly<Record<string, unknown>>,
  path: Path,
  place: string,
): void {
  const { operation, realtime, value } = gauge;
  if (operation !== undefined && !operations.includes(String(operation))) {
    const message = `${place} error: gauge.operation must be one of: ${operations.join(", ")}`;
    sink.error("SPEC_VALUE", [...path, "operation"], { message, hint: `got '${String(operation)}'` });
  }
  if (realtime !== true) return;
  if (String(value).includes("resourcesDuration.")) {
    const message = `${place} error: 'resourcesDuration.*' metrics cannot be used in real-time metrics`;
    sink.error("SPEC_CONFLICT", [...path, "value"], { message, hint: "take 'realtime' out" });
  } else if (!String(value).includes("duration")) {
    const message = `${place} error: a realtime gauge can only show a duration`;
    sink.warn("SPEC_NEVER", [...path, "value"], {
      message,
      hint: 'use "{{duration}}" or "{{workflow.duration}}"',
    });
  }
}
