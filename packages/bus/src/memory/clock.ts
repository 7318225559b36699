import type { Clock } from "@sluice/base";

export type { Clock };

/** Time that stands still: nothing expires and nothing is redelivered by time. */
export const systemlessClock: Clock = {
  now: () => 0,
  monotonic: () => 0,
  sleepUntil: (_at, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve();
      signal?.addEventListener("abort", () => resolve(), { once: true });
    }),
};
