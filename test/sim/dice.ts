import type { Random } from "@sluice/base";

/** Chance in the words that a simulation speaks. */
export class Dice {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  /** 0 … n-1. */
  below(n: number): number {
    return Math.floor(this.#random.next() * n);
  }
  between(low: number, high: number): number {
    return low + this.below(high - low + 1);
  }
  /** True in `percent` of 100 throws. */
  odds(percent: number): boolean {
    return this.#random.next() * 100 < percent;
  }
  of<T>(options: readonly T[]): T {
    return options[this.below(options.length)] as T;
  }
  /** Taken out of the list, wherever it stands: what is delivered comes in no order. */
  take<T>(list: T[]): T | undefined {
    return list.length === 0 ? undefined : list.splice(this.below(list.length), 1)[0];
  }
  /** The value in `percent` of 100 throws, else nothing: for fields that may be absent. */
  maybe<T extends object>(percent: number, value: () => T): T | object {
    return this.odds(percent) ? value() : {};
  }
}
