// A durable consumer in memory: its position and what is under way outlive the iterations over it.
// Invariants
//   C1. A delivery that is not settled within the ack wait comes again with the next attempt number.
//   C2. With `maxInFlight` 1 nothing is delivered while an earlier message waits for its retry: order is strict.
//   C3. `ack` and `drop` remove the message from a work queue.
import type { Clock } from "@sluice/base";
import type { ConsumeOptions, Delivery, Message, Verdict } from "../ports/transport.ts";
import type { MemoryStream } from "./stream.ts";

interface Pending {
  readonly message: Message;
  attempt: number;
  /** When it comes again, epoch ms. */
  dueAt: number;
}

/** What one iteration has handed out: counts against its `maxInFlight` until settled or timed out. */
interface Held extends Pending {
  readonly given: number;
}

export class MemoryConsumer {
  options: ConsumeOptions;
  readonly #stream: MemoryStream;
  readonly #clock: Clock;
  readonly #pending = new Map<number, Pending>();
  #position: number;

  constructor(stream: MemoryStream, clock: Clock, options: ConsumeOptions) {
    this.#stream = stream;
    this.#clock = clock;
    this.options = options;
    this.#position = startOf(stream, options);
  }

  async *deliveries(maxInFlight: number, signal: AbortSignal): AsyncIterable<Delivery> {
    const mine = new Set<Held>();
    const changes = watchChanges(this.#stream, signal);
    try {
      while (!signal.aborted) {
        const next = mine.size < maxInFlight ? this.#take() : undefined;
        if (next === undefined) {
          await changes.next(this.#clock, this.#nextDueAt());
          for (const held of mine) if (!this.#holds(held)) mine.delete(held);
          continue;
        }
        const held: Held = { ...next, given: next.attempt };
        mine.add(held);
        yield this.#delivery(held, () => mine.delete(held));
      }
    } finally {
      changes.stop();
      // What was handed out and not settled comes again after its ack wait, as after a crash.
    }
  }

  #holds(held: Held): boolean {
    const pending = this.#pending.get(held.message.seq);
    return pending !== undefined && pending.attempt === held.given && pending.dueAt > this.#clock.now();
  }

  #take(): Pending | undefined {
    const now = this.#clock.now();
    for (const pending of this.#pending.values()) {
      if (pending.dueAt > now) continue;
      if (this.#stream.get(pending.message.seq) === undefined) {
        this.#pending.delete(pending.message.seq);
        continue;
      }
      pending.attempt += 1;
      pending.dueAt = now + this.options.ackWaitMs;
      return { ...pending };
    }
    if (this.options.maxInFlight === 1 && this.#pending.size > 0) return undefined;
    const message = this.#stream.nextAfter(this.#position, this.options.filterSubjects);
    if (message === undefined) return undefined;
    this.#position = message.seq;
    const pending = { message, attempt: 1, dueAt: now + this.options.ackWaitMs };
    this.#pending.set(message.seq, pending);
    return { ...pending };
  }

  #nextDueAt(): number | undefined {
    let next: number | undefined;
    for (const { dueAt } of this.#pending.values()) if (next === undefined || dueAt < next) next = dueAt;
    return next;
  }

  #delivery(held: Pending, release: () => void): Delivery {
    const { message } = held;
    let settled = false;
    return {
      ...message,
      attempt: held.attempt,
      settle: async (verdict: Verdict) => {
        if (settled) return;
        settled = true;
        release();
        const pending = this.#pending.get(message.seq);
        if (pending !== undefined) this.#settle(pending, verdict);
        this.#stream.wake();
      },
      working: () => {
        const pending = this.#pending.get(message.seq);
        if (!settled && pending !== undefined) pending.dueAt = this.#clock.now() + this.options.ackWaitMs;
      },
    };
  }

  #settle(pending: Pending, verdict: Verdict): void {
    if (verdict.kind === "retry") {
      pending.dueAt = this.#clock.now() + verdict.delayMs;
      return;
    }
    this.#pending.delete(pending.message.seq);
    if (this.#stream.settings.retention === "workqueue") this.#stream.remove(pending.message.seq);
  }
}

function startOf(stream: MemoryStream, options: ConsumeOptions): number {
  const start = options.start ?? "all";
  if (typeof start !== "object") return stream.startAfter(start);
  let seq = 0;
  for (;;) {
    const message = stream.nextAfter(seq, [">"]);
    if (message === undefined || message.storedAt >= start.atMs) return seq;
    seq = message.seq;
  }
}

/** Waits for a change of the stream, a time, or the abort; a change between two waits is not lost. */
export function watchChanges(stream: MemoryStream, signal: AbortSignal) {
  let changed = false;
  let wake: (() => void) | undefined;
  const notice = () => {
    changed = true;
    wake?.();
  };
  const stopListening = stream.onChange(notice);
  signal.addEventListener("abort", notice, { once: true });
  return {
    async next(clock: Clock, dueAt: number | undefined): Promise<void> {
      if (!changed && !signal.aborted) {
        const timer = new AbortController();
        const waits = [new Promise<void>((resolve) => (wake = resolve))];
        if (dueAt !== undefined) waits.push(clock.sleepUntil(dueAt, timer.signal));
        await Promise.race(waits);
        timer.abort();
      }
      changed = false;
    },
    stop(): void {
      stopListening();
      signal.removeEventListener("abort", notice);
    },
  };
}
