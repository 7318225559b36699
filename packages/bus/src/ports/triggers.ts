import type { CauseRef, TrailRecord, TriggerRequest } from "@sluice/spec";
import type { Settleable } from "./events.ts";
import type { PubAck } from "./transport.ts";

/** TRIGGERS: a work queue of firings. */
export interface TriggerQueue {
  /** A request of the same id and `redrive` is stored once: one that was sent again is no repeat of the first. */
  publish(request: TriggerRequest, signal?: AbortSignal): Promise<PubAck>;
  /** All workers of one durable name share the work. */
  consume(
    options: { readonly maxInFlight: number; readonly ackWaitMs: number },
    signal: AbortSignal,
  ): AsyncIterable<Settleable<TriggerRequest>>;
}

/** TRAIL: what happened to an event. */
export interface Trail {
  record(record: TrailRecord): Promise<void>;
  of(cause: CauseRef): Promise<readonly TrailRecord[]>;
  follow(namespace: string, signal: AbortSignal): AsyncIterable<TrailRecord>;
}
