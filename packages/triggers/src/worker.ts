// The trigger worker: requests in, actions out.
// Owns:      the requests in hand and their lanes.      Talks to: TriggerQueue, Trail, DeadLetters, the kinds.
// Invariants
//   W1. A request is settled only after what became of it is stored: trail record (and dead letter), then ack or drop.
//       A crash before that repeats the request; kinds recognise a repeat by the request's id (P3).
//   W2. Every delivery executes at least once before it can be given up: a crash never sends a request to DEAD.
//   W3. A failed attempt gives its slot back; the wait until the next one is the bus's (`retry`).
//   W4. The attempt's number is counted from the trail, so that neither crashes nor overload use attempts up.
//   W5. When the bus itself is away no attempt is counted: the request stays until it is back.
import { type Clock, type Failpoints, type Logger, messageOf, type Random, sleepFor } from "@sluice/base";
import type { DeadLetters, Settleable, SubmitRun, Trail, TriggerQueue } from "@sluice/bus";
import type { References } from "@sluice/kube";
import type { TriggerRequest } from "@sluice/spec";
import { attemptOf } from "./attempt.ts";
import { defaultTriggersConfig, type TriggersConfig } from "./config.ts";
import type { TriggerKind } from "./define.ts";
import { execute } from "./execute.ts";
import { Lanes } from "./lane.ts";
import { conclude, giveBackMs } from "./outcome.ts";

export interface TriggersDeps {
  readonly queue: TriggerQueue;
  readonly trail: Trail;
  readonly dead: DeadLetters;
  readonly references: References;
  readonly submitRun: SubmitRun;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
  /** Normally `triggerRegistry`. */
  readonly kinds: ReadonlyMap<string, TriggerKind>;
  readonly config?: TriggersConfig;
}

/** A delivery is taken for lost after this long without a sign, ms; signs come three times as often. */
const ackWaitMs = 5_000;

/**
 * Executes trigger requests until `signal` aborts; attempts under way then have `config.graceMs` to end.
 * Order: none between requests. Errors: only what the bus throws when it cannot be read at all.
 */
export async function runTriggers(deps: TriggersDeps, signal: AbortSignal): Promise<void> {
  const config = deps.config ?? defaultTriggersConfig;
  const lanes = new Lanes({ maxActive: config.maxPerTrigger, maxHeld: config.maxHeldPerTrigger }, deps.clock);
  const inHand = new Set<Promise<void>>();
  const hard = new AbortController();
  const worker: WorkerDeps = { ...deps, config, memories: new Map() };
  try {
    for await (const delivery of deps.queue.consume({ maxInFlight: config.maxInFlight, ackWaitMs }, signal)) {
      const done = handle(worker, lanes, delivery, { soft: signal, hard: hard.signal }).catch((error) => {
        // Not settled: it is delivered again when the bus is back (W5).
        deps.log.warn("trigger request not settled", {
          request: delivery.value.id,
          message: messageOf(error),
        });
      });
      inHand.add(done);
      void done.finally(() => inHand.delete(done));
    }
  } finally {
    await drain(deps.clock, inHand, config.graceMs, hard);
  }
}

async function drain(
  clock: Clock,
  inHand: Set<Promise<void>>,
  graceMs: number,
  hard: AbortController,
): Promise<void> {
  if (inHand.size === 0) return;
  const settled = new AbortController();
  const all = Promise.all(inHand).then(() => settled.abort());
  await sleepFor(clock, graceMs, settled.signal);
  hard.abort(new Error("the worker's grace is over"));
  await all;
}

interface Stops {
  /** No new attempt is begun. */
  readonly soft: AbortSignal;
  /** Attempts under way are cut off. */
  readonly hard: AbortSignal;
}

type WorkerDeps = TriggersDeps & {
  readonly config: TriggersConfig;
  /** What kinds keep between firings, by lane. */
  readonly memories: Map<string, Map<string, number>>;
};

async function handle(
  deps: WorkerDeps,
  lanes: Lanes,
  delivery: Settleable<TriggerRequest>,
  stops: Stops,
): Promise<void> {
  const request = delivery.value;
  const over = new AbortController();
  const lane = laneOf(request);
  using place = lanes.enter(lane, rateIntervalMs(request), stops.soft);
  if (place === undefined) {
    await delivery.settle({ kind: "retry", delayMs: giveBackMs(deps.random.next()) });
    return;
  }
  const heart = beat(deps.clock, delivery, over.signal);
  try {
    const mine = await place.granted;
    if (!mine) {
      await delivery.settle({ kind: "retry", delayMs: 0 });
      return;
    }
    await deps.failpoints.reach("trigger.claimed");
    const attempt = delivery.attempt === 1 ? 1 : await attemptOf(deps.trail, request);
    const memory = deps.memories.get(lane) ?? new Map<string, number>();
    deps.memories.set(lane, memory);
    const result = await execute({ ...deps, memory }, request, attempt, stops.hard);
    await deps.failpoints.reach("trigger.executed");
    await conclude(deps, delivery, attempt, result);
  } finally {
    over.abort();
    await heart;
  }
}

/** Says three times an ack wait that the delivery is still worked on. */
async function beat(clock: Clock, delivery: Settleable<TriggerRequest>, over: AbortSignal): Promise<void> {
  for (;;) {
    await sleepFor(clock, ackWaitMs / 3, over);
    if (over.aborted) return;
    delivery.working();
  }
}

const laneOf = (request: TriggerRequest): string =>
  JSON.stringify([request.namespace, request.sensor, request.trigger]);

const unitMs = { Second: 1_000, Minute: 60_000, Hour: 3_600_000 } as const;

const rateIntervalMs = ({ rateLimit }: TriggerRequest): number =>
  rateLimit === undefined ? 0 : unitMs[rateLimit.unit] / rateLimit.requestsPerUnit;
