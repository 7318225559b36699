import type { Clock } from "./clock.ts";
import { sleepFor } from "./clock.ts";
import type { Random } from "./random.ts";

/** Exponential backoff with full control of its bounds. */
export interface BackoffPolicy {
  /** Wait before the second try, ms. */
  readonly baseMs: number;
  /** Growth per try; 1 keeps the wait constant. */
  readonly factor: number;
  /** No wait is longer than this, ms. */
  readonly capMs: number;
  /** Share of the wait that is random: 0 none, 0.2 = ±20 %. */
  readonly jitter: number;
}

export const defaultBackoff: BackoffPolicy = { baseMs: 100, factor: 2, capMs: 30_000, jitter: 0.2 };

/**
 * The wait after failed try number `attempt` (1-based), ms. Pure: `random` is a number in [0, 1).
 */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: number): number {
  const plain = Math.min(policy.capMs, policy.baseMs * policy.factor ** Math.max(0, attempt - 1));
  return Math.max(0, Math.round(plain * (1 + policy.jitter * (2 * random - 1))));
}

export interface RetryOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly policy?: BackoffPolicy;
  /** Total tries; Infinity = until the signal aborts. */
  readonly attempts: number;
  /** Whether this failure may be tried again. */
  readonly when: (error: unknown) => boolean;
  readonly onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
}

/** Runs `work` until it succeeds, `attempts` are used up, `when` says no, or the signal aborts (the last error is thrown). */
export async function retrying<T>(options: RetryOptions, work: (attempt: number) => Promise<T>): Promise<T> {
  const policy = options.policy ?? defaultBackoff;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= options.attempts || options.signal.aborted || !options.when(error)) throw error;
      const waitMs = backoffMs(policy, attempt, options.random.next());
      options.onRetry?.(error, attempt, waitMs);
      await sleepFor(options.clock, waitMs, options.signal);
      if (options.signal.aborted) throw error;
    }
  }
}
