// Keeps one event's source running until its signal aborts.
// Invariants
//   V1. Nothing that a source throws leaves here: the outcome becomes a state, and a wait.
//   V2. `retryable` waits with jittered backoff, without end; the count starts again after `minUptimeMs` of running.
//   V3. `fatal` (retry class "never") waits for a change of any EventSource: another's end may be what it needs
//       (a taken route), and nothing else can help.

import type { Logger } from "@sluice/base";
import {
  type AppError,
  backoffMs,
  type Clock,
  isAppError,
  messageOf,
  type Random,
  retryOf,
  sleepFor,
} from "@sluice/base";
import type { EventState } from "./board.ts";

const backoff = { baseMs: 500, factor: 2, capMs: 60_000, jitter: 0.2 };
const minUptimeMs = 30_000;

export interface Supervised {
  /** One life of the source; `ready` is called when it listens. */
  readonly run: (ready: () => void, signal: AbortSignal) => Promise<void>;
  /** What `run` returning early means. */
  readonly endedEarly: () => AppError;
  readonly show: (state: EventState) => void;
  /** Resolves at the next change of any EventSource. */
  readonly nextChange: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

export type Outcome =
  | { readonly kind: "ended" }
  | { readonly kind: "retryable"; readonly error: unknown }
  | { readonly kind: "fatal"; readonly error: unknown };

/** Runs it again and again until `signal` aborts. Never throws. */
export async function supervise(source: Supervised, signal: AbortSignal): Promise<void> {
  const { clock, log } = source;
  let attempt = 0;
  while (!signal.aborted) {
    const startedAt = clock.now();
    if (attempt === 0) source.show({ kind: "starting", since: startedAt });
    const outcome = await live(source, signal);
    if (outcome.kind === "ended") return;
    attempt = clock.now() - startedAt >= minUptimeMs ? 1 : attempt + 1;
    const waitMs = backoffMs(backoff, attempt, source.random.next());
    source.show(degraded(outcome, clock.now(), attempt, waitMs));
    const fields = { code: codeOf(outcome.error), reason: messageOf(outcome.error), attempt };
    if (outcome.kind === "fatal") {
      log.error("source stands still", fields);
      await source.nextChange(signal);
    } else {
      log.warn("source is started again", { ...fields, waitMs });
      await sleepFor(clock, waitMs, signal);
    }
  }
}

async function live(source: Supervised, signal: AbortSignal): Promise<Outcome> {
  const ready = () => {
    if (!signal.aborted) source.show({ kind: "live", since: source.clock.now() });
  };
  try {
    await source.run(ready, signal);
    return signal.aborted ? { kind: "ended" } : { kind: "retryable", error: source.endedEarly() };
  } catch (error) {
    if (signal.aborted) return { kind: "ended" };
    return { kind: retryOf(error) === "never" ? "fatal" : "retryable", error };
  }
}

const codeOf = (error: unknown): string => (isAppError(error) ? error.code : "SOURCE_UNEXPECTED");

function degraded(
  outcome: Exclude<Outcome, { kind: "ended" }>,
  now: number,
  attempt: number,
  waitMs: number,
): EventState {
  const { error } = outcome;
  return {
    kind: "degraded",
    since: now,
    code: codeOf(error),
    message: messageOf(error),
    hint: isAppError(error) ? error.hint : "look at the log",
    attempt,
    ...(outcome.kind === "fatal" ? {} : { retryAt: now + waitMs }),
  };
}
