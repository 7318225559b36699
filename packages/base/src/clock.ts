/** Where time comes from. Only `base/src/system/` and `cli` know the real one. */
export interface Clock {
  /** Epoch ms. */
  now(): number;
  /** Monotonic ms, for durations; its zero has no meaning. */
  monotonic(): number;
  /** Resolves at `at` (epoch ms) or, without throwing, when `signal` aborts. A time in the past resolves at once. */
  sleepUntil(at: number, signal?: AbortSignal): Promise<void>;
}

export const sleepFor = (clock: Clock, ms: number, signal?: AbortSignal): Promise<void> =>
  clock.sleepUntil(clock.now() + ms, signal);
