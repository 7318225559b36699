import type { Clock } from "@sluice/base";

/** Things that are kept ready for a while, a few at most. */
export class Standbys<T> implements AsyncDisposable {
  readonly #options: StandbyOptions<T>;
  readonly #waiting: { readonly value: T; readonly since: number }[] = [];
  readonly #closed = new AbortController();
  #isExpiring = false;

  constructor(options: StandbyOptions<T>) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.length;
  }

  get isOpen(): boolean {
    return !this.#closed.signal.aborted;
  }

  /** Takes it over; gives it back when there is no room, and resolves then. */
  async put(value: T): Promise<void> {
    if (!this.isOpen || this.size >= this.#options.max) return this.#options.giveBack(value);
    this.#waiting.push({ value, since: this.#options.clock.now() });
    void this.#expire();
  }

  /** One that still can be used. */
  take(): T | undefined {
    for (;;) {
      const next = this.#options.first === "oldest" ? this.#waiting.shift() : this.#waiting.pop();
      if (next === undefined || this.#options.isUsable(next.value)) return next?.value;
      void this.#options.giveBack(next.value);
    }
  }

  /** Gives all back, and takes no more. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#waiting.splice(0).map(({ value }) => this.#options.giveBack(value)));
  }

  async #expire(): Promise<void> {
    if (this.#isExpiring) return;
    this.#isExpiring = true;
    const { clock, keepMs, giveBack } = this.#options;
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      await clock.sleepUntil(first.since + keepMs, this.#closed.signal);
      if (this.#closed.signal.aborted) break;
      while (this.#waiting[0] !== undefined && this.#waiting[0].since + keepMs <= clock.now())
        void giveBack((this.#waiting.shift() as { value: T }).value);
    }
    this.#isExpiring = false;
  }
}

export interface StandbyOptions<T> {
  readonly max: number;
  readonly keepMs: number;
  /** Which is taken first: the one that has had most time to get ready, or the one whose fellows may then go. */
  readonly first: "oldest" | "newest";
  readonly clock: Clock;
  readonly isUsable: (value: T) => boolean;
  /** Ends one that is not needed. Does not throw. */
  readonly giveBack: (value: T) => Promise<void>;
}
