// Who may execute, per trigger of a sensor: bounded concurrency and the trigger's rate limit.
// Owns:      the waiting line of each lane.      Talks to: Clock.
// Invariants
//   N1. At most `maxActive` of a lane execute at once; at most `maxHeld` wait or execute.
//   N2. Starts of a lane are at least the rate limit's interval apart: excess is delayed, never dropped.
//   N3. Lanes do not wait for each other.
import type { Clock } from "@sluice/base";

export interface LaneLimits {
  readonly maxActive: number;
  readonly maxHeld: number;
}

/** A place in a lane: resolves to true when it may execute, to false when the signal aborted first. */
export interface Place extends Disposable {
  readonly granted: Promise<boolean>;
}

interface Lane {
  active: number;
  held: number;
  nextAt: number;
  readonly waiting: (() => void)[];
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #limits: LaneLimits;
  readonly #clock: Clock;

  constructor(limits: LaneLimits, clock: Clock) {
    this.#limits = limits;
    this.#clock = clock;
  }

  /** Takes a place, or undefined when the lane is full. Disposing gives it back. `intervalMs` 0 = no rate limit. */
  enter(key: string, intervalMs: number, signal: AbortSignal): Place | undefined {
    const lane: Lane = this.#lanes.get(key) ?? { active: 0, held: 0, nextAt: 0, waiting: [] };
    if (lane.held >= this.#limits.maxHeld) return undefined;
    this.#lanes.set(key, lane);
    lane.held += 1;
    const turn = this.#turn(lane, signal);
    const granted = turn.then((mine) => mine && this.#paced(lane, intervalMs, signal));
    let left = false;
    return {
      granted,
      [Symbol.dispose]: () => {
        if (left) return;
        left = true;
        lane.held -= 1;
        void turn.then((mine) => {
          if (mine) this.#leave(lane);
          if (lane.held === 0 && lane.nextAt <= this.#clock.now()) this.#lanes.delete(key);
        });
      },
    };
  }

  #turn(lane: Lane, signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return Promise.resolve(false);
    if (lane.active < this.#limits.maxActive) {
      lane.active += 1;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      let over = false;
      const settle = (mine: boolean) => {
        if (over) {
          // The turn came to one that has left: it goes to the next.
          if (mine) this.#leave(lane);
          return;
        }
        over = true;
        signal.removeEventListener("abort", abort);
        resolve(mine);
      };
      const abort = () => settle(false);
      signal.addEventListener("abort", abort, { once: true });
      lane.waiting.push(() => settle(true));
    });
  }

  #leave(lane: Lane): void {
    const next = lane.waiting.shift();
    if (next === undefined) lane.active -= 1;
    else next();
  }

  async #paced(lane: Lane, intervalMs: number, signal: AbortSignal): Promise<boolean> {
    if (intervalMs <= 0) return true;
    const at = Math.max(lane.nextAt, this.#clock.now());
    lane.nextAt = at + intervalMs;
    await this.#clock.sleepUntil(at, signal);
    return !signal.aborted;
  }
}
