// What can happen to a process: it dies, or the system freezes it and lets it go on much later.
// Invariants
//   P1. A process does something only between two answers of the world. Dead, it gets none any more; frozen, it gets
//       them when it is thawed, in their order.
//   P2. What it has sent is on its way: it arrives although the sender is dead or frozen by then.
import type { Clock } from "@sluice/base";
import type { Dice } from "../dice.ts";

/** Percent, of each operation. */
export interface Perils {
  readonly death: number;
  readonly freeze: number;
  /** Requests that do not arrive, and ones whose answer is lost. */
  readonly loss: number;
  /** Requests and answers that take their time, and deliveries that come twice. */
  readonly delay: number;
  readonly doubled: number;
}

export const calm: Perils = { death: 0, freeze: 0, loss: 0, delay: 0, doubled: 0 };

export class Fate {
  state: "alive" | "frozen" | "dead" = "alive";
  perils: Perils;
  readonly #clock: Clock;
  readonly #dice: Dice;
  readonly #onChange: (state: Fate["state"]) => void;
  #thaw = Promise.withResolvers<void>();

  constructor(clock: Clock, dice: Dice, perils: Perils, onChange: (state: Fate["state"]) => void = () => {}) {
    this.#clock = clock;
    this.#dice = dice;
    this.perils = perils;
    this.#onChange = onChange;
  }

  die(): void {
    this.#turn("dead");
  }

  freeze(ms: number): void {
    if (this.state !== "alive") return;
    this.#turn("frozen");
    void this.#clock.sleepUntil(this.#clock.now() + ms).then(() => this.thaw());
  }

  thaw(): void {
    if (this.state !== "frozen") return;
    this.#turn("alive");
    this.#thaw.resolve();
    this.#thaw = Promise.withResolvers<void>();
  }

  #turn(state: Fate["state"]): void {
    if (this.state === "dead") return;
    this.state = state;
    this.#onChange(state);
  }

  /** Passes only in a process that lives. */
  async pass(): Promise<void> {
    while (this.state === "frozen") await this.#thaw.promise;
    // A promise of its own each time: one for all would keep all that ever waited for it.
    if (this.state === "dead") await new Promise<never>(() => {});
  }

  /** Between two operations: here it may die or freeze. */
  async step(): Promise<void> {
    await this.pass();
    if (this.#dice.odds(this.perils.death)) this.die();
    else if (this.#dice.odds(this.perils.freeze)) this.freeze(this.#dice.below(20_000));
    await this.pass();
  }

  /** The way of a request or an answer, which does not stop when the process does. */
  async travel(): Promise<void> {
    if (!this.#dice.odds(this.perils.delay)) return;
    const ms = this.#dice.odds(90) ? this.#dice.below(60) : this.#dice.below(3_000);
    await this.#clock.sleepUntil(this.#clock.now() + ms);
  }

  odds(percent: number): boolean {
    return this.#dice.odds(percent);
  }
}

/** A process's own look at the clock: it reads the time, and wakes only while it lives. */
export class FatedClock implements Clock {
  readonly #clock: Clock;
  readonly #fate: Fate;

  constructor(clock: Clock, fate: Fate) {
    this.#clock = clock;
    this.#fate = fate;
  }

  now(): number {
    return this.#clock.now();
  }
  monotonic(): number {
    return this.#clock.monotonic();
  }
  async sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    await this.#clock.sleepUntil(at, signal);
    await this.#fate.pass();
  }
}
