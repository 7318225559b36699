import type { Clock } from "../clock.ts";

/** Node fires a timer of more than this many ms at once. */
const maxTimerMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleepUntil(at, signal) {
    // In slices: a timer has a largest value, and wall time may jump while we sleep.
    for (let left = at - Date.now(); left > 0 && signal?.aborted !== true; left = at - Date.now()) {
      await sleepSlice(Math.min(left, maxTimerMs), signal);
    }
  },
};

function sleepSlice(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
