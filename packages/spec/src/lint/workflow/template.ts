import { parseGoDuration, parseSecondsOrDuration } from "@sluice/base";
import type { Path } from "../../issue.ts";
import type { RetryStrategy } from "../../workflow/control.ts";
import { type InlineTemplate, type Template, templateTypes } from "../../workflow/template.ts";
import { lintBodyOf } from "../template/body.ts";
import {
  hasTag,
  isComposite,
  nameOf,
  type Placed,
  typesOf,
  typeTitle,
  type WorkflowLint,
} from "./context.ts";

const typeList = "container, containerSet, steps, script, resource, dag, suspend, template, template ref";

/** Exactly one type, and fields only where their type takes them. */
export function lintTemplate(lint: WorkflowLint, placed: Placed<Template | InlineTemplate>): void {
  const { value, path } = placed;
  const title = `templates.${nameOf(value, path)}`;
  const types = typesOf(value);
  const [first, second] = types;
  if (first === undefined) {
    lint.sink.error("SPEC_CONFLICT", path, {
      message: `${title} template type unspecified. choose one of: ${typeList}`,
      hint: `give the template a body: one of ${templateTypes.join(", ")}`,
    });
  } else if (second !== undefined) {
    lint.sink.error("SPEC_CONFLICT", [...path, second], {
      message: `${title} multiple template types specified. choose one of: ${typeList}`,
      hint: `keep one of: ${types.join(", ")}`,
      key: true,
    });
  }
  lintPlacement(lint, placed, title);
  lintBody(lint, placed, title);
  lintBodyOf(lint, placed, title);
  if (value.retryStrategy !== undefined) {
    lintRetry(lint, value.retryStrategy, [...path, "retryStrategy"], title);
  }
}

function lintPlacement(
  { sink }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const composite = isComposite(value);
  const at = (field: string): Path => [...path, field];
  const hint = composite
    ? "move it to the templates that the steps call, or to the workflow's spec"
    : "take it out";
  if (composite && value.activeDeadlineSeconds !== undefined) {
    const message = `${title}.activeDeadlineSeconds is only valid for leaf templates`;
    sink.error("SPEC_CONFLICT", at("activeDeadlineSeconds"), { message, hint, key: true });
  }
  if (composite && value.timeout !== undefined) {
    const message = `${title}: ${typeTitle(typesOf(value)[0])} template doesn't support timeout field.`;
    sink.error("SPEC_CONFLICT", at("timeout"), { message, hint, key: true });
  }
  if (!composite && value.parallelism !== undefined) {
    const message = `${title}.parallelism is only valid for steps and dag templates`;
    sink.error("SPEC_CONFLICT", at("parallelism"), { message, hint, key: true });
  }
  if (!composite && value.failFast !== undefined) {
    const message = `${title}.failFast is only valid for steps and dag templates`;
    sink.error("SPEC_CONFLICT", at("failFast"), { message, hint, key: true });
  }
  const seconds = value.activeDeadlineSeconds;
  const bad =
    typeof seconds === "number"
      ? seconds <= 0
      : seconds !== undefined && !hasTag(seconds) && !/^[1-9]\d*$/.test(seconds);
  if (bad) {
    const message = `${title}.activeDeadlineSeconds must be a positive integer > 0 or an argo variable`;
    sink.error("SPEC_VALUE", at("activeDeadlineSeconds"), {
      message,
      hint: "give it whole seconds, at least 1",
    });
  }
}

function lintBody(
  { sink, spec }: WorkflowLint,
  { value, path }: Placed<Template | InlineTemplate>,
  title: string,
): void {
  const { timeout } = value;
  if (timeout !== undefined && !hasTag(timeout) && parseGoDuration(timeout) === undefined) {
    const message = `${title} has invalid duration format in timeout.`;
    const hint = `got '${timeout}'; write a unit: "30s", "5m", "1h30m"`;
    sink.error("SPEC_VALUE", [...path, "timeout"], { message, hint });
  }
  const duration = value.suspend?.duration;
  if (duration !== undefined && !hasTag(duration) && parseSecondsOrDuration(duration) === undefined) {
    const message = `${title}.suspend.duration '${duration}' is not a duration`;
    const hint = 'write seconds or a duration: "20", "2m", "1h"';
    sink.error("SPEC_VALUE", [...path, "suspend", "duration"], { message, hint });
  }
  for (const kind of ["container", "script"] as const) {
    const body = value[kind];
    if (body === undefined || (body.image ?? "") !== "") continue;
    if ((spec.templateDefaults?.[kind]?.image ?? "") !== "") continue;
    sink.error("SPEC_FIELD_MISSING", [...path, kind, "image"], {
      message: `${title}.${kind}.image may not be empty`,
      hint: "name a container image, for example 'alpine:3.23'",
      key: true,
    });
  }
  if ("dag" in value && value.dag !== undefined && value.dag.tasks.length === 0) {
    const message = `${title} must have at least one task`;
    sink.error("SPEC_CONFLICT", [...path, "dag", "tasks"], { message, hint: "add a task" });
  }
}

/** Limits and durations of a retry strategy, where they are no tags. */
export function lintRetry({ sink }: WorkflowLint, retry: RetryStrategy, path: Path, title: string): void {
  const { limit, backoff } = retry;
  const number = typeof limit === "number" ? limit : undefined;
  const text = typeof limit === "string" && !hasTag(limit) ? limit : undefined;
  if ((number !== undefined && number < 0) || (text !== undefined && !/^\d+$/.test(text))) {
    sink.error("SPEC_VALUE", [...path, "limit"], {
      message: `${title}.retryStrategy.limit '${String(limit)}' is not a number of retries`,
      hint: "give it a whole number, 0 or more (attempts = limit + 1)",
    });
  }
  for (const field of ["duration", "maxDuration", "cap"] as const) {
    const value = backoff?.[field];
    if (value === undefined || hasTag(value)) continue;
    const ms = parseSecondsOrDuration(value);
    if (ms !== undefined && ms >= 0) continue;
    sink.error("SPEC_VALUE", [...path, "backoff", field], {
      message: `${title}.retryStrategy.backoff.${field} '${value}' is not a duration`,
      hint: 'write seconds or a duration: "10", "1m", "1h30m"',
    });
  }
  const factor = backoff?.factor;
  if (factor !== undefined && !(typeof factor === "string" && hasTag(factor)) && !(Number(factor) > 0)) {
    sink.error("SPEC_VALUE", [...path, "backoff", "factor"], {
      message: `${title}.retryStrategy.backoff.factor must be a number above 0, got '${String(factor)}'`,
      hint: "1 keeps the wait constant, 2 doubles it",
    });
  }
}
