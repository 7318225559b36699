/** At most `max` at once; the others wait in order. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(max: number) {
    this.#free = max;
  }

  /** Resolves with what gives the turn back, once it is there, or when `signal` aborts. */
  async take(signal: AbortSignal): Promise<() => void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return this.#giver();
    }
    return new Promise((resolve) => {
      const mine = () => {
        signal.removeEventListener("abort", stop);
        resolve(this.#giver());
      };
      const stop = () => {
        this.#waiting.delete(mine);
        resolve(() => {});
      };
      this.#waiting.add(mine);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #giver(): () => void {
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      const next = this.#waiting.values().next().value;
      if (next === undefined) this.#free += 1;
      else {
        this.#waiting.delete(next);
        next();
      }
    };
  }
}
