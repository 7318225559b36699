import {
  type BackoffPolicy,
  backoffMs,
  type Clock,
  isAppError,
  type Logger,
  type Random,
  retryOf,
  sleepFor,
} from "@sluice/base";

export interface UntilDone {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly what: string;
  /** Told of each failure that is tried again. */
  readonly onRetry?: (error: unknown) => void;
}

const policy: BackoffPolicy = { baseMs: 100, factor: 2, capMs: 10_000, jitter: 0.3 };

/** Repeats what may heal (429, 5xx, network, quota) until it is done; ends by throwing what cannot heal, or on abort. */
export async function untilDone<T>(options: UntilDone, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (options.signal.aborted || retryOf(error) !== "later") throw error;
      const asked = isAppError(error) ? Number(error.details["retryAfterMs"] ?? 0) : 0;
      const waitMs = Math.max(asked, backoffMs(policy, attempt, options.random.next()));
      const code = isAppError(error) ? error.code : "unknown";
      options.log.warn("Kubernetes did not answer, trying again", {
        what: options.what,
        attempt,
        waitMs,
        code,
      });
      options.onRetry?.(error);
      await sleepFor(options.clock, waitMs, options.signal);
      if (options.signal.aborted) throw error;
    }
  }
}
