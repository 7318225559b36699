import type { StepEvent } from "@sluice/engine";

/** Events on their way to the one reader. Output waits while too much of it is unread; the other events never wait. */
export class EventQueue {
  readonly #events: StepEvent[] = [];
  readonly #maxLines: number;
  #lines = 0;
  #wakeReader: (() => void) | undefined;
  #wakeWriters: (() => void)[] = [];

  constructor(maxLines = 10_000) {
    this.#maxLines = maxLines;
  }

  put(event: StepEvent): void {
    this.#events.push(event);
    if (event.type === "output") this.#lines += event.lines.length;
    this.#wakeReader?.();
  }

  /** What waits of these steps is not read any more. */
  drop(stepIds: ReadonlySet<string>): void {
    const kept = this.#events.filter(({ stepId }) => !stepIds.has(stepId));
    const lines = kept.reduce((sum, event) => sum + (event.type === "output" ? event.lines.length : 0), 0);
    this.#events.splice(0, this.#events.length, ...kept);
    this.#free(this.#lines - lines);
  }

  /** Resolves when there is room for more output, or when `signal` aborts. */
  async room(signal: AbortSignal): Promise<void> {
    while (this.#lines >= this.#maxLines && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#wakeWriters.push(resolve);
        signal.addEventListener("abort", () => resolve(), { once: true });
      });
    }
  }

  async *read(signal: AbortSignal): AsyncGenerator<StepEvent> {
    const onAbort = () => this.#wakeReader?.();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      while (!signal.aborted) {
        const event = this.#events.shift();
        if (event === undefined) {
          await new Promise<void>((resolve) => {
            this.#wakeReader = resolve;
          });
          this.#wakeReader = undefined;
          continue;
        }
        if (event.type === "output") this.#free(event.lines.length);
        yield event;
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #free(lines: number): void {
    this.#lines -= lines;
    if (this.#lines >= this.#maxLines) return;
    const waiting = this.#wakeWriters;
    this.#wakeWriters = [];
    for (const wake of waiting) wake();
  }
}
