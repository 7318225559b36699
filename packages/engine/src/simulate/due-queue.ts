interface Due<T> {
  readonly at: number;
  readonly item: T;
}

/** What happens at which time; those of one time in the order in which they were put. */
export class DueQueue<T> {
  #items: Due<T>[] = [];
  #taken = 0;

  get nextAt(): number | undefined {
    return this.#items[this.#taken]?.at;
  }

  put(at: number, item: T): void {
    let low = this.#taken;
    let high = this.#items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#items[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    this.#items.splice(low, 0, { at, item });
  }

  take(): T | undefined {
    const next = this.#items[this.#taken];
    if (next === undefined) return undefined;
    this.#taken += 1;
    // Dropped in bulk: taking from the head of a long list one by one would move all of it each time.
    if (this.#taken > 1_000) {
      this.#items = this.#items.slice(this.#taken);
      this.#taken = 0;
    }
    return next.item;
  }
}
