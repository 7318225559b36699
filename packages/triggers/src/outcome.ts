import type { AppError, Clock, Logger, Random } from "@sluice/base";
import type { DeadLetters, Settleable, Trail } from "@sluice/bus";
import type { TrailRecord, TriggerRequest } from "@sluice/spec";
import type { Attempted } from "./execute.ts";
import { retryDelayMs, retryPlan } from "./retry.ts";

export interface ConcludeDeps {
  readonly trail: Trail;
  readonly dead: DeadLetters;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

type TriggerFields = Omit<
  Extract<TrailRecord, { type: "trigger" }>,
  "v" | "at" | "cause" | "type" | "sensor" | "trigger" | "request" | "redrive"
>;

/** How long a request that found its lane full is given back, ms. */
export const giveBackMs = (random: number): number => 1_000 + Math.round(random * 1_000);

/** What is not the action's own failure but our bus's or our end: the attempt does not count. */
const isOurs = (error: AppError): boolean =>
  error.retry === "later" && (error.code.startsWith("BUS_") || error.code === "TRIGGER_SHUT_DOWN");

const retryAfterOf = (error: AppError): number => {
  const asked = error.details["retryAfterMs"];
  return typeof asked === "number" ? asked : 0;
};

/** Stores what an attempt came to, then settles its delivery (W1). */
export async function conclude(
  deps: ConcludeDeps,
  delivery: Settleable<TriggerRequest>,
  attempt: number,
  attempted: Attempted,
): Promise<void> {
  const request = delivery.value;
  if (attempted.kind === "succeeded") {
    const { outcome, result } = attempted.result;
    await note(deps, request, { outcome, attempt, ...(result === undefined ? {} : { result }) });
    deps.log.info("trigger executed", { ...fields(request), attempt, outcome, result });
    await delivery.settle({ kind: "ack" });
    return;
  }
  const { error } = attempted;
  const plan = retryPlan(request.retryStrategy);
  if (isOurs(error)) {
    deps.log.warn("trigger waits", { ...fields(request), attempt, message: error.message });
    await delivery.settle({ kind: "retry", delayMs: retryDelayMs(plan, 1, deps.random.next()) });
    return;
  }
  const told = { code: error.code, message: error.message };
  if (error.retry === "later" && attempt < plan.attempts) {
    const delayMs = retryDelayMs(plan, attempt, deps.random.next(), retryAfterOf(error));
    await note(deps, request, { outcome: "retrying", attempt, ...told });
    deps.log.warn("trigger failed, will be tried again", { ...fields(request), attempt, delayMs, ...told });
    await delivery.settle({ kind: "retry", delayMs });
    return;
  }
  await bury(deps, request, attempt, { ...told, hint: error.hint });
  await delivery.settle({ kind: "drop" });
}

async function bury(
  deps: ConcludeDeps,
  request: TriggerRequest,
  attempts: number,
  told: { readonly code: string; readonly message: string; readonly hint: string },
): Promise<void> {
  await deps.dead.put({ v: 1, id: request.id, request, ...told, attempts, at: deps.clock.now() });
  await note(deps, request, { outcome: "dead", attempt: attempts, code: told.code, message: told.message });
  deps.log.error("trigger gave up", { ...fields(request), attempt: attempts, ...told });
}

/** One record on the trail of every event that fired the request. */
async function note(deps: ConcludeDeps, request: TriggerRequest, told: TriggerFields): Promise<void> {
  const { sensor, trigger, id, redrive } = request;
  const at = deps.clock.now();
  // Without the redrive its second life's records would equal the first one's, and the trail would drop them.
  const life = redrive === undefined ? {} : { redrive };
  await Promise.all(
    request.causes.map((cause) =>
      deps.trail.record({ v: 1, at, cause, type: "trigger", sensor, trigger, request: id, ...life, ...told }),
    ),
  );
}

const fields = ({ namespace, sensor, trigger, id }: TriggerRequest) => ({
  namespace,
  sensor,
  trigger,
  request: id,
});
