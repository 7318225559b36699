// All streams in this process's memory: the Transport of unit tests and simulations.
// Invariants
//   L1. Same promises as the JetStream layer; the conformance suite runs against both.
//   L2. While `down`, every call fails with BUS_UNAVAILABLE; followers and consumers wait and resume.

import type { LayerFollowOptions, StreamLayer } from "../core/stream-layer.ts";
import { makeTransport } from "../core/transport.ts";
import { BusError } from "../errors.ts";
import type {
  ConsumeOptions,
  Followed,
  FollowOptions,
  PublishOptions,
  PurgeOptions,
  Transport,
} from "../ports/transport.ts";
import { allStreams, type StreamSettings } from "../streams.ts";
import { subjectMatches } from "../subjects.ts";
import { type Clock, systemlessClock } from "./clock.ts";
import { MemoryConsumer, watchChanges } from "./consumer.ts";
import { MemoryStream } from "./stream.ts";

export interface MemoryOptions {
  readonly clock?: Clock;
  readonly prefix?: string;
  readonly maxPayloadBytes?: number;
  readonly eventsMaxBytes?: number;
}

/** A Transport in memory, and a switch that makes it as unreachable as a dead server. */
export type MemoryTransport = Transport & { setReachable(reachable: boolean): void };

/** Makes an empty Transport in memory. `clock` drives dedup windows, ages and redelivery; without one, time stands still. */
export function makeMemoryTransport(options: MemoryOptions = {}): MemoryTransport {
  const prefix = options.prefix ?? "sluice";
  const layer = new MemoryLayer(options.clock ?? systemlessClock, options.maxPayloadBytes ?? 2 ** 20);
  const limits = options.eventsMaxBytes === undefined ? {} : { eventsMaxBytes: options.eventsMaxBytes };
  layer.declare(allStreams({ prefix, replicas: 1, ...limits }));
  return Object.assign(makeTransport(layer, prefix), {
    setReachable: (reachable: boolean) => layer.setReachable(reachable),
  });
}

class MemoryLayer implements StreamLayer {
  readonly maxPayloadBytes: number;
  readonly #clock: Clock;
  readonly #streams = new Map<string, MemoryStream>();
  readonly #consumers = new Map<string, MemoryConsumer>();
  readonly #listeners = new Set<(connected: boolean) => void>();
  readonly #closed = new AbortController();
  #reachable = true;

  constructor(clock: Clock, maxPayloadBytes: number) {
    this.#clock = clock;
    this.maxPayloadBytes = maxPayloadBytes;
  }

  readonly status = (() => {
    const self = this;
    return {
      get connected() {
        return self.#reachable;
      },
      onChange: (listener: (connected: boolean) => void) => {
        self.#listeners.add(listener);
        return () => void self.#listeners.delete(listener);
      },
    };
  })();

  setReachable(reachable: boolean): void {
    if (reachable === this.#reachable) return;
    this.#reachable = reachable;
    for (const listener of [...this.#listeners]) listener(reachable);
    if (reachable) for (const stream of this.#streams.values()) stream.wake();
  }

  declare(streams: readonly StreamSettings[]): void {
    for (const settings of streams) {
      const known = this.#streams.get(settings.name);
      if (known === undefined) this.#streams.set(settings.name, new MemoryStream(settings));
      else known.settings = settings;
    }
  }

  async ensure(streams: readonly StreamSettings[]): Promise<void> {
    this.declare(streams);
  }

  async publish(subject: string, data: Uint8Array | string, options: PublishOptions = {}) {
    options.signal?.throwIfAborted();
    this.#check(`publish to '${subject}'`);
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    if (bytes.length > this.maxPayloadBytes)
      throw BusError.MESSAGE_TOO_LARGE({ subject, bytes: bytes.length, maxBytes: this.maxPayloadBytes });
    for (const stream of this.#streams.values())
      if (stream.settings.subjects.some((filter) => subjectMatches(filter, subject)))
        return stream.append(subject, bytes, options, this.#clock.now());
    throw BusError.UNAVAILABLE({ what: `publish to '${subject}'`, reason: "no stream has this subject" });
  }

  async *consume(name: string, options: ConsumeOptions, signal: AbortSignal) {
    const stream = this.#stream(name, "consume");
    const ending = AbortSignal.any([signal, this.#closed.signal]);
    const key = `${name} ${options.durable}`;
    const known = this.#consumers.get(key);
    const consumer = known ?? new MemoryConsumer(stream, this.#clock, options);
    consumer.options = options;
    this.#consumers.set(key, consumer);
    yield* consumer.deliveries(options.maxInFlight, ending);
  }

  async deleteConsumer(name: string, durable: string): Promise<void> {
    this.#check("delete a consumer");
    this.#consumers.delete(`${name} ${durable}`);
  }

  async *follow(name: string, options: LayerFollowOptions, signal: AbortSignal): AsyncIterable<Followed> {
    const isPatient = options.giveUpMs === undefined;
    const stream = isPatient ? this.#known(name, "follow") : this.#stream(name, "read");
    const ending = AbortSignal.any([signal, this.#closed.signal]);
    const changes = watchChanges(stream, ending);
    const change = () => {
      if (!isPatient) this.#check(`read '${name}'`);
      return changes.next(this.#clock, undefined);
    };
    try {
      while (!this.#reachable && !ending.aborted) await change();
      yield* this.#walk(stream, options, change, ending);
    } finally {
      changes.stop();
    }
  }

  async *#walk(
    stream: MemoryStream,
    { filterSubjects: filters = [">"], start }: FollowOptions,
    change: () => Promise<void>,
    ending: AbortSignal,
  ): AsyncIterable<Followed> {
    const target = stream.info().lastSeq;
    let position = stream.startAfter(start);
    if (start === "last-per-subject") {
      for (const message of stream.lastPerSubject(filters)) {
        if (ending.aborted) return;
        yield { type: "message", message };
      }
      position = target;
    }
    let caughtUp = false;
    while (!ending.aborted) {
      const message = this.#reachable ? stream.nextAfter(position, filters) : undefined;
      if (!caughtUp && this.#reachable && (message === undefined || message.seq > target)) {
        caughtUp = true;
        yield { type: "caught-up" };
        continue;
      }
      if (message === undefined) {
        await change();
        continue;
      }
      position = message.seq;
      yield { type: "message", message };
    }
  }

  async last(name: string, subject: string) {
    return this.#stream(name, "read").last(subject);
  }
  async next(name: string, subject: string, fromSeq: number) {
    return this.#stream(name, "read").nextAfter(fromSeq - 1, [subject]);
  }
  async get(name: string, seq: number) {
    return this.#stream(name, "read").get(seq);
  }
  async subjects(name: string, filter: string) {
    return this.#stream(name, "read").subjects(filter);
  }
  async purge(name: string, subject: string, { keep = 0, beforeSeq }: PurgeOptions = {}) {
    this.#stream(name, "purge").purge(subject, keep, beforeSeq);
  }
  async deleteMessage(name: string, seq: number) {
    this.#stream(name, "delete").remove(seq);
  }
  async info(name: string) {
    return this.#stream(name, "read").info();
  }
  async describe() {
    const maxPayloadBytes = this.maxPayloadBytes;
    return { server: "memory", version: "0", replicas: 1, sync: "never", maxPayloadBytes };
  }
  async [Symbol.asyncDispose]() {
    this.#closed.abort();
  }

  #check(what: string): void {
    if (this.#closed.signal.aborted) throw BusError.CLOSED({ what });
    if (!this.#reachable) throw BusError.UNAVAILABLE({ what, reason: "made unreachable" });
  }

  #stream(name: string, what: string): MemoryStream {
    this.#check(`${what} '${name}'`);
    return this.#known(name, what);
  }

  #known(name: string, what: string): MemoryStream {
    if (this.#closed.signal.aborted) throw BusError.CLOSED({ what });
    const stream = this.#streams.get(name);
    if (stream === undefined) throw BusError.UNAVAILABLE({ what, reason: `no stream '${name}'` });
    return stream;
  }
}
