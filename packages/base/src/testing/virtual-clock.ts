import type { Clock } from "../clock.ts";

interface Sleeper {
  readonly at: number;
  readonly order: number;
  readonly wake: () => void;
}

/** A clock that moves only when told to. Sleepers wake in order of their time, each with its effects settled. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #sleepers: Sleeper[] = [];
  readonly #turns: number;

  /**
   * `turns`: of the event loop, after which all that a wake-up brought about counts as settled. Where everything hangs on
   * promises alone one is exact; the default leaves room for what answers from a thread, and is a guess.
   */
  constructor(startMs = 0, { turns = 10 }: { readonly turns?: number } = {}) {
    this.#now = startMs;
    this.#turns = turns;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    if (at <= this.#now || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      const sleeper: Sleeper = { at, order: this.#order++, wake };
      const onAbort = () => {
        this.#sleepers = this.#sleepers.filter((s) => s !== sleeper);
        resolve();
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** How many sleep now: a test can see that nothing was left behind. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  /** When the next sleeper wakes, epoch ms; undefined when none sleeps. */
  get nextAt(): number | undefined {
    return this.#sleepers.reduce<number | undefined>(
      (min, s) => (min === undefined || s.at < min ? s.at : min),
      undefined,
    );
  }

  /** Moves to `at`, waking every sleeper on the way at its own time; what they do then is settled before going on. */
  async advanceTo(at: number): Promise<void> {
    await settle(this.#turns);
    for (;;) {
      const next = this.#sleepers
        .filter((s) => s.at <= at)
        .sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (next === undefined) break;
      this.#sleepers = this.#sleepers.filter((s) => s !== next);
      this.#now = Math.max(this.#now, next.at);
      next.wake();
      await settle(this.#turns);
    }
    this.#now = Math.max(this.#now, at);
  }

  advanceBy(ms: number): Promise<void> {
    return this.advanceTo(this.#now + ms);
  }
}

/** Lets every promise chain that can go on without new input go on. */
async function settle(turns: number): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}
