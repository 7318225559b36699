import { type BackoffPolicy, backoffMs, parseGoDuration } from "@sluice/base";
import type { TriggerBackoff } from "@sluice/spec";

export interface RetryPlan {
  /** All attempts, the first included. */
  readonly attempts: number;
  readonly backoff: BackoffPolicy;
}

/** Without a retryStrategy: 5 attempts over about 15 s. (Argo makes one, and loses the firing when it fails.) */
export const defaultRetryPlan: RetryPlan = {
  attempts: 5,
  backoff: { baseMs: 1_000, factor: 2, capMs: 300_000, jitter: 0.2 },
};

const capMs = 3_600_000;

const durationMs = (duration: string | number | undefined): number => {
  if (duration === undefined) return 1_000;
  // A bare number is nanoseconds, as in Argo's Int64OrString.
  if (typeof duration === "number") return duration / 1e6;
  return /^\d+$/.test(duration) ? Number(duration) / 1e6 : (parseGoDuration(duration) ?? 1_000);
};

/** Argo's Backoff: `steps` counts all attempts; `duration` default 1 s, `factor` 1, `jitter` 0, `steps` 5. */
export function retryPlan(strategy: TriggerBackoff | undefined): RetryPlan {
  if (strategy === undefined) return defaultRetryPlan;
  return {
    attempts: Math.max(1, Math.min(strategy.steps ?? 5, 1_000)),
    backoff: {
      baseMs: Math.max(0, durationMs(strategy.duration)),
      factor: Math.max(1, strategy.factor ?? 1),
      capMs,
      jitter: Math.min(1, Math.max(0, strategy.jitter ?? 0)),
    },
  };
}

/** The wait after failed attempt `attempt`, ms; what the target asked for (Retry-After) is the least. */
export function retryDelayMs(plan: RetryPlan, attempt: number, random: number, askedMs = 0): number {
  return Math.max(backoffMs(plan.backoff, attempt, random), Math.min(askedMs, capMs));
}
