import { Mailbox } from "@sluice/base";
import type { StepEvent } from "@sluice/engine";

/** Output events that may wait for the reader; beyond, log readers pause and the log waits in its pod. */
const maxWaiting = 1_000;

/** Events on their way to the one reader. What a reader did not take is kept for the next. */
export class EventQueue {
  /** Undefined only wakes the reader. */
  readonly #box = new Mailbox<StepEvent | undefined>();
  #taken: (StepEvent | undefined)[] = [];
  readonly #wantRoom = new Set<() => void>();

  put(event: StepEvent): void {
    this.#box.put(event);
  }

  /** What waits of these steps is not read any more. */
  drop(stepIds: ReadonlySet<string>): void {
    const waiting = [...this.#taken, ...this.#box.drain()];
    // The first one may be in the reader's hand: places are kept.
    this.#taken = waiting.map((event) =>
      event !== undefined && stepIds.has(event.stepId) ? undefined : event,
    );
  }

  /** Puts, then waits while too much is waiting. Ends, without throwing, when `signal` aborts. */
  async putWhenRoom(event: StepEvent, signal: AbortSignal): Promise<void> {
    this.#box.put(event);
    while (this.#box.size + this.#taken.length > maxWaiting && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const go = () => {
          this.#wantRoom.delete(go);
          signal.removeEventListener("abort", go);
          resolve();
        };
        this.#wantRoom.add(go);
        signal.addEventListener("abort", go, { once: true });
      });
    }
  }

  async *read(signal: AbortSignal): AsyncGenerator<StepEvent> {
    // One listener a reader, not one a wait: this loop turns once an event, for as long as the process lives.
    signal.addEventListener("abort", () => this.#box.put(undefined), { once: true });
    while (!signal.aborted) {
      this.#taken.push(...this.#box.drain());
      while (this.#taken.length > 0 && !signal.aborted) {
        const event = this.#taken[0];
        // Taken away only when the reader comes back for more: it has dealt with it then.
        if (event !== undefined) yield event;
        this.#taken.shift();
      }
      for (const go of [...this.#wantRoom]) go();
      if (!signal.aborted) await this.#box.ready();
    }
  }
}
