/**
 * A queue with one reader: values put in come out in order by `for await`.
 * Order: first in, first out. Ends when closed (what is queued is still read) or, at once, when `signal` aborts.
 */
export class Mailbox<T> implements AsyncIterable<T> {
  #items: T[] = [];
  #head = 0;
  #closed = false;
  #wake: (() => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#wake?.();

  constructor(signal?: AbortSignal) {
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  put(value: T): void {
    if (this.#closed) return;
    this.#items.push(value);
    this.#wake?.();
  }

  close(): void {
    this.#closed = true;
    // The signal may live as long as the process.
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#wake?.();
  }

  /** Takes all that is queued, without waiting. */
  drain(): T[] {
    const items = this.#head === 0 ? this.#items : this.#items.slice(this.#head);
    this.#items = [];
    this.#head = 0;
    return items;
  }

  /** Resolves when something is queued, or the mailbox is closed or aborted. */
  async ready(): Promise<void> {
    while (this.size === 0 && !this.#closed && this.#signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<T> {
    while (this.#signal?.aborted !== true) {
      if (this.size === 0) {
        if (this.#closed) return;
        await this.ready();
        continue;
      }
      const value = this.#items[this.#head] as T;
      this.#head += 1;
      if (this.#head > 1_024 && this.#head * 2 > this.#items.length) {
        this.#items = this.#items.slice(this.#head);
        this.#head = 0;
      }
      yield value;
    }
  }
}
