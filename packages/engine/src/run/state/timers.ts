import type { Unit } from "./frames.ts";

/** What a run waits for in time. */
export type Timer = { readonly at: number } & (
  | { readonly kind: "run-deadline" }
  | { readonly kind: "unit-timeout"; readonly unit: Unit }
  | { readonly kind: "pending-timeout"; readonly unit: Unit; readonly ms: number }
  | { readonly kind: "suspend-over"; readonly unit: Unit }
  | { readonly kind: "retry"; readonly unit: Unit }
);

interface Entry {
  readonly timer: Timer;
  readonly order: number;
}

/** Timers by their time, then by the order in which they were set. */
export class TimerQueue {
  #heap: Entry[] = [];
  #order = 0;

  get nextAt(): number | undefined {
    return this.#heap[0]?.timer.at;
  }

  get next(): Timer | undefined {
    return this.#heap[0]?.timer;
  }

  /** Every timer that is set, in no order. */
  get all(): readonly Timer[] {
    return this.#heap.map((entry) => entry.timer);
  }

  set(timer: Timer): void {
    this.#heap.push({ timer, order: this.#order++ });
    let i = this.#heap.length - 1;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!this.#before(i, parent)) break;
      this.#swap(i, parent);
      i = parent;
    }
  }

  /** Takes the next timer that is due at `now`. */
  takeDue(now: number): Timer | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.timer.at > now) return undefined;
    const last = this.#heap.pop() as Entry;
    if (this.#heap.length > 0) {
      this.#heap[0] = last;
      this.#sink(0);
    }
    return first.timer;
  }

  /** Makes every retry due at once: whoever waits learns now that there is nothing to wait for. */
  hasten(now: number): void {
    const timers = this.#heap.map((entry) => entry.timer);
    this.#heap = [];
    for (const timer of timers)
      this.set(timer.kind === "retry" ? { ...timer, at: Math.min(now, timer.at) } : timer);
  }

  clear(): void {
    this.#heap = [];
  }

  #sink(from: number): void {
    let i = from;
    for (;;) {
      const left = 2 * i + 1;
      let least = i;
      if (left < this.#heap.length && this.#before(left, least)) least = left;
      if (left + 1 < this.#heap.length && this.#before(left + 1, least)) least = left + 1;
      if (least === i) return;
      this.#swap(i, least);
      i = least;
    }
  }

  #before(i: number, j: number): boolean {
    const a = this.#heap[i] as Entry;
    const b = this.#heap[j] as Entry;
    return a.timer.at < b.timer.at || (a.timer.at === b.timer.at && a.order < b.order);
  }

  #swap(i: number, j: number): void {
    const a = this.#heap[i] as Entry;
    this.#heap[i] = this.#heap[j] as Entry;
    this.#heap[j] = a;
  }
}
