import { parseSecondsOrDuration } from "@sluice/base";
import type { RetryStrategy } from "@sluice/spec";
import { EngineError } from "../../errors.ts";
import { shownInputs } from "../../template/arguments.ts";
import type { TemplateShape } from "../../template/shape.ts";
import { globalsOf } from "../../values/globals.ts";
import { evaluateCondition, failureText, renderText } from "../../values/language.ts";
import { fixed, parameters, Scope } from "../../values/scope.ts";
import { blame, displayNameOf, failCall, makeUnit, standFor, startUnit } from "../call.ts";
import { isSpared, stoppedText } from "../control/shutdown.ts";
import { noteRestart } from "../daemons/daemon.ts";
import { waitedNode } from "../gates/gate.ts";
import type { BoundInputs } from "../state/arguments.ts";
import type { Call, RetryFrame, Unit } from "../state/frames.ts";
import { isFulfilled, type Node } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { addNode, endNode } from "../state/tree.ts";

export function startRetry(run: Run, call: Call, shape: TemplateShape, inputs: BoundInputs): void {
  const strategy = shape.template.retryStrategy ?? {};
  let limit: number | undefined;
  try {
    limit = limitOf(strategy, new Scope(run.now, parameters("inputs.parameters", inputs), globalsOf(run)));
  } catch (error) {
    failCall(run, call, failureText(error));
    return;
  }
  const waited = waitedNode(run, call, "Retry", "Running");
  const node =
    waited ??
    addNode(run, {
      name: call.name,
      type: "Retry",
      phase: "Running",
      templateName: shape.name,
      templateRef: call.use.templateRef,
      boundary: call.boundary,
      hooked: call.hooked,
    });
  node.displayName = displayNameOf(run, makeUnit(call, { shape, inputs })) ?? node.displayName;
  if (inputs.size > 0) node.inputs = shownInputs(shape.template.inputs?.parameters, inputs);
  if (waited === undefined) standFor(run, call, node);
  call.retry = { call, node, shape, inputs, strategy, attempts: [], limit };
  startAttempt(run, call.retry);
}

function limitOf(strategy: RetryStrategy, scope: Scope): number | undefined {
  if (strategy.limit === undefined) return undefined;
  const text = renderText(String(strategy.limit), scope);
  if (!/^\d{1,9}$/.test(text))
    throw EngineError.TEMPLATE_INVALID({ reason: `retryStrategy.limit '${text}' is not a whole number` });
  return Number(text);
}

function startAttempt(run: Run, retry: RetryFrame): void {
  const attempt = retry.attempts.length;
  startUnit(
    run,
    makeUnit(retry.call, {
      shape: retry.shape,
      inputs: retry.inputs,
      name: `${retry.node.name}(${attempt})`,
      attempt,
      deadlineAt: overAtOf(run, retry),
      extra: { retries: String(attempt), ...lastRetry(run, retry.attempts.at(-1), "0") },
    }),
  );
}

const lastRetry = (run: Run, last: Node | undefined, noExitCode: string): Record<string, string> => ({
  "lastRetry.exitCode": last?.outputs?.exitCode ?? noExitCode,
  "lastRetry.status": last?.phase ?? "",
  "lastRetry.duration":
    last === undefined ? "0" : String(Math.round(((last.finishedAt ?? run.now) - last.startedAt) / 1_000)),
  "lastRetry.message": last?.message ?? "",
});

type Verdict =
  | { readonly kind: "again" }
  | { readonly kind: "wait"; readonly at: number; readonly message: string }
  | { readonly kind: "over"; readonly message: string | undefined }
  /** What is written of it cannot be read: as Argo has it, that is an error of the call, however its attempts ended. */
  | { readonly kind: "broken"; readonly message: string };

/** An attempt ended: its phase is the call's, or there is another one, now or later. */
export function attemptEnded(run: Run, retry: RetryFrame, unit: Unit): void {
  const last = unit.node as Node;
  // Ended with its scope before this was followed up.
  if (isFulfilled(retry.node)) return;
  if (last.phase === "Succeeded" || last.phase === "Skipped" || last.phase === "Omitted") {
    endRetry(run, retry, last, undefined);
    return;
  }
  let verdict: Verdict;
  try {
    verdict = judge(run, retry, last);
  } catch (error) {
    verdict = { kind: "broken", message: failureText(error) };
  }
  if (verdict.kind === "broken") {
    endRetry(run, retry, { ...last, phase: "Error" }, blame(retry.call, verdict.message));
    return;
  }
  if (verdict.kind === "over") {
    endRetry(run, retry, last, verdict.message);
    return;
  }
  noteRestart(run, retry.call);
  if (verdict.kind === "again") {
    startAttempt(run, retry);
    return;
  }
  retry.node.message = verdict.message;
  run.timers.set({ kind: "retry", at: verdict.at, unit });
}

/** A back-off is over. */
export function retryDue(run: Run, unit: Unit): void {
  const { retry } = unit.call;
  if (retry === undefined || retry.node.phase !== "Running" || retry.attempts.at(-1) !== unit.node) return;
  delete retry.node.message;
  const refused = cannotGoOn(run, retry);
  if (refused !== undefined) endRetry(run, retry, unit.node as Node, refused);
  else startAttempt(run, retry);
}

function endRetry(run: Run, retry: RetryFrame, last: Node, message: string | undefined): void {
  if (last.outputs !== undefined) retry.node.outputs = last.outputs;
  delete retry.node.daemoned;
  endNode(run, retry.node, last.phase, message);
  run.settled.push({ kind: "call", call: retry.call });
}

function cannotGoOn(run: Run, retry: RetryFrame): string | undefined {
  const { call } = retry;
  if (run.shutdown !== undefined && !isSpared(run.shutdown, retry)) return stoppedText(run.shutdown);
  if (call.boundary?.failedFast === true) return "template failed fast";
  return run.overdue && !call.exiting ? `retry exceeded workflow deadline ${deadlineOf(run)}` : undefined;
}

/** As Go writes a time: `2026-01-31 08:00:00 +0000 UTC`. */
function deadlineOf({ startedAt, spec }: Run): string {
  const [day, time] = new Date(startedAt + (spec.activeDeadlineSeconds ?? 0) * 1_000)
    .toISOString()
    .split(/[T.]/);
  return `${day} ${time} +0000 UTC`;
}

function judge(run: Run, retry: RetryFrame, last: Node): Verdict {
  const stopped = cannotGoOn(run, retry);
  if (stopped !== undefined) return { kind: "over", message: stopped };
  // Its time is over whatever else holds, as Argo has it.
  const pause = backoff(run, retry, last);
  if (pause.kind === "over") return pause;
  if (!policyCovers(retry.strategy, last)) return { kind: "over", message: last.message };
  if (retry.limit !== undefined && retry.attempts.length > retry.limit)
    return { kind: "over", message: "No more retries left" };
  if (!expressionHolds(run, retry, last))
    return { kind: "over", message: "retryStrategy.expression evaluated to false" };
  return pause;
}

function policyCovers(strategy: RetryStrategy, last: Node): boolean {
  const policy = strategy.retryPolicy ?? (strategy.expression === undefined ? "OnFailure" : "Always");
  switch (policy) {
    case "Always":
      return true;
    case "OnFailure":
      return last.phase === "Failed";
    case "OnError":
      return last.phase === "Error";
    case "OnTransientError":
      return transient.test(last.message ?? "");
  }
}

/** Argo's list of transient errors, as far as a step's message can say them. */
const transient =
  /exceeded quota|object has been modified|connection (refused|reset)|i\/o timeout|TLS handshake timeout|net\/http: timeout|too many requests|etcdserver: leader changed|http2: server sent GOAWAY|temporarily unavailable/i;

function expressionHolds(run: Run, retry: RetryFrame, last: Node): boolean {
  const { expression } = retry.strategy;
  if (expression === undefined || expression === "") return true;
  const scope = new Scope(
    run.now,
    fixed({ retries: String(retry.attempts.length - 1), ...lastRetry(run, last, "-1") }),
    parameters("inputs.parameters", retry.inputs),
    globalsOf(run),
  );
  return evaluateCondition(expression, scope);
}

function backoff(run: Run, retry: RetryFrame, last: Node): Verdict {
  const spec = retry.strategy.backoff;
  if (spec === undefined) return { kind: "again" };
  const scope = inputScope(run, retry);
  const ms = (text: string | undefined): number | undefined => msOf(text, scope);
  const baseMs = ms(spec.duration);
  if (baseMs === undefined)
    throw EngineError.TEMPLATE_INVALID({ reason: "no base duration specified for retryStrategy" });
  const overAt = overAtOf(run, retry);
  if (overAt !== undefined && run.now >= overAt)
    return { kind: "over", message: "Max duration limit exceeded" };
  const factor = spec.factor === undefined ? 1 : Number(renderText(String(spec.factor), scope));
  const grown = factor > 0 ? baseMs * factor ** (retry.attempts.length - 1) : baseMs;
  const waitMs = Math.round(Math.min(grown, ms(spec.cap) ?? Number.POSITIVE_INFINITY, longestWaitMs));
  const at = (last.finishedAt ?? run.now) + waitMs;
  if (overAt !== undefined && at > overAt)
    return { kind: "over", message: "Backoff would exceed max duration limit" };
  return at <= run.now
    ? { kind: "again" }
    : { kind: "wait", at, message: `Backoff for ${humanized(waitMs)}` };
}

const inputScope = (run: Run, { inputs }: RetryFrame): Scope =>
  new Scope(run.now, parameters("inputs.parameters", inputs), globalsOf(run));

const msOf = (text: string | undefined, scope: Scope): number | undefined =>
  text === undefined || text === "" ? undefined : parseSecondsOrDuration(renderText(text, scope));

/** When `maxDuration` is over, counted from the start of the first attempt; undefined before there is one. */
function overAtOf(run: Run, retry: RetryFrame): number | undefined {
  const [first] = retry.attempts;
  const maxMs = msOf(retry.strategy.backoff?.maxDuration, inputScope(run, retry));
  return maxMs === undefined || first === undefined ? undefined : first.startedAt + maxMs;
}

/** Whole seconds in Argo's words: `4 minutes 30 seconds`. */
function humanized(ms: number): string {
  const seconds = Math.trunc(ms / 1_000);
  const [days, hours, minutes] = [86_400, 3_600, 60].map((unit) => Math.trunc(seconds / unit)) as [
    number,
    number,
    number,
  ];
  const parts = [`${seconds % 60} seconds`];
  if (minutes > 0) parts.unshift(`${minutes % 60} minutes`);
  if (hours > 0) parts.unshift(`${hours % 24} hours`);
  if (days > 0) parts.unshift(`${days} days`);
  return parts.join(" ");
}

/** A year: a back-off that grew past all sense still has a date. */
const longestWaitMs = 365 * 86_400_000;
