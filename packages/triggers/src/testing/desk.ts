import { type Clock, Mailbox, sleepFor } from "@sluice/base";
import type { DeadLetters, Settleable, Trail, TriggerQueue } from "@sluice/bus";
import type { DeadLetter, TrailRecord, TriggerRequest } from "@sluice/spec";

/** What the worker talks to, kept in memory and open to look at; a retried delivery comes again after its delay. */
export class Desk {
  readonly records: Extract<TrailRecord, { type: "trigger" }>[] = [];
  readonly letters: DeadLetter[] = [];
  /** `request verdict`, in order. */
  readonly settled: string[] = [];
  readonly #clock: Clock;
  readonly #deliveries = new Mailbox<{ readonly request: TriggerRequest; readonly attempt: number }>();
  #watchers: (() => void)[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  send(request: TriggerRequest, attempt = 1): void {
    this.#deliveries.put({ request, attempt });
  }

  /** Resolves once `holds`; looked at after every change here. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#watchers.push(resolve));
  }

  readonly queue: TriggerQueue = {
    publish: async (request) => {
      this.send(request);
      return { seq: 1, duplicate: false };
    },
    consume: (_options, signal) => this.#consume(signal),
  };

  readonly trail: Trail = {
    record: async (record) => {
      if (record.type === "trigger") this.records.push(record);
      this.#changed();
    },
    of: async (cause) => this.records.filter((r) => r.cause.id === cause.id),
    follow: () => {
      throw new Error("not followed here");
    },
  };

  readonly dead: DeadLetters = {
    put: async (letter) => {
      this.letters.push(letter);
      this.#changed();
    },
    list: async () => [],
    get: async () => undefined,
    remove: async () => {},
  };

  async *#consume(signal: AbortSignal): AsyncIterable<Settleable<TriggerRequest>> {
    signal.addEventListener("abort", () => this.#deliveries.close(), { once: true });
    for await (const { request, attempt } of this.#deliveries) {
      if (signal.aborted) return;
      yield {
        seq: 1,
        storedAt: 0,
        value: request,
        attempt,
        working: () => {},
        settle: async (verdict) => {
          this.settled.push(
            `${request.id} ${verdict.kind}${verdict.kind === "retry" ? ` ${verdict.delayMs}` : ""}`,
          );
          this.#changed();
          if (verdict.kind !== "retry") return;
          void sleepFor(this.#clock, verdict.delayMs, signal).then(() => this.send(request, attempt + 1));
        },
      };
    }
  }

  #changed(): void {
    const watchers = this.#watchers;
    this.#watchers = [];
    for (const wake of watchers) wake();
  }
}
