import type { EventOrigin, StoredEvent } from "@sluice/spec";
import type { ConsumeOptions, PubAck, Verdict } from "./transport.ts";

/** EVENTS. */
export interface EventLog {
  /**
   * Stores the event before it resolves; `(origin, event.source, event.id)` is stored once within the dedup window.
   * Errors: BUS_UNAVAILABLE, BUS_STREAM_FULL (later), BUS_MESSAGE_TOO_LARGE (never).
   */
  publish(event: StoredEvent, signal?: AbortSignal): Promise<PubAck>;
  consume(
    durable: string,
    origins: readonly EventOrigin[],
    options: Omit<ConsumeOptions, "durable" | "filterSubjects">,
    signal: AbortSignal,
  ): AsyncIterable<Settleable<StoredEvent>>;
  deleteConsumer(durable: string): Promise<void>;
  /** Newest first, at most `limit`, older than `beforeSeq` when given. */
  list(query: {
    readonly namespace: string;
    readonly source?: string;
    readonly event?: string;
    readonly limit: number;
    readonly beforeSeq?: number;
  }): Promise<readonly Stored<StoredEvent>[]>;
  /** By the CloudEvent's id, or its first 8 or more characters when they name one event only. */
  find(namespace: string, id: string): Promise<Stored<StoredEvent> | undefined>;
  follow(namespace: string, signal: AbortSignal): AsyncIterable<Stored<StoredEvent>>;
}

export interface Stored<T> {
  readonly seq: number;
  readonly storedAt: number;
  readonly value: T;
}

/** A typed delivery. What could not be decoded is moved to DEAD by the store and never seen here. */
export interface Settleable<T> extends Stored<T> {
  readonly attempt: number;
  settle(verdict: Verdict): Promise<void>;
  working(): void;
}
