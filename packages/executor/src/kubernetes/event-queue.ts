import { Mailbox } from "@sluice/base";
import type { StepEvent } from "@sluice/engine";

/** Output events that may wait for the reader; beyond, log readers pause and the log waits in its pod. */
const maxWaiting = 1_000;

/** Events on their way to the one reader. What a reader did not take is kept for the next. */
export class EventQueue {
  readonly #box = new Mailbox<StepEvent>();
  #taken: StepEvent[] = [];
  #room = Promise.withResolvers<void>();

  put(event: StepEvent): void {
    this.#box.put(event);
  }

  /** Puts, then waits while too much is waiting. Ends, without throwing, when `signal` aborts. */
  async putWhenRoom(event: StepEvent, signal: AbortSignal): Promise<void> {
    this.#box.put(event);
    while (this.#box.size + this.#taken.length > maxWaiting && !signal.aborted) {
      await Promise.race([this.#room.promise, aborted(signal)]);
    }
  }

  async *read(signal: AbortSignal): AsyncGenerator<StepEvent> {
    while (!signal.aborted) {
      this.#taken.push(...this.#box.drain());
      for (let event = this.#taken[0]; event !== undefined && !signal.aborted; event = this.#taken[0]) {
        // Taken away only when the reader comes back for more: it has dealt with it then.
        yield event;
        this.#taken.shift();
      }
      this.#room.resolve();
      this.#room = Promise.withResolvers();
      await Promise.race([this.#box.ready(), aborted(signal)]);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
