// The stream layer on a NATS server with JetStream. Every file of this folder is behind `StreamLayer`.
// Owns:      one connection.
// Invariants
//   L1. Single reads (`last`, `get`) ask the stream's leader: a decision made on them is never made on an old copy.
import type { Clock, Logger, Random } from "@sluice/base";
import type { LayerFollowOptions, StreamLayer } from "../core/stream-layer.ts";
import { BusError } from "../errors.ts";
import type {
  AsyncStatus,
  BusDescription,
  ConsumeOptions,
  Message,
  PublishOptions,
  PurgeOptions,
  StreamState,
} from "../ports/transport.ts";
import type { StreamSettings } from "../streams.ts";
import { token } from "../subjects.ts";
import { Api, ApiRefusal, apiCodes } from "./api.ts";
import type { Connection } from "./connection.ts";
import { consumeStream } from "./consume.ts";
import { ensureStreams } from "./ensure.ts";
import { followStream } from "./follow.ts";
import { parseHeaderBlock } from "./message.ts";

export interface LayerDeps {
  readonly connection: Connection;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly replicas: number;
  /** What the server's `sync_interval` is, where we know it. */
  readonly sync: string;
}

interface StreamInfo {
  readonly state: {
    readonly messages: number;
    readonly bytes: number;
    readonly first_seq: number;
    readonly last_seq: number;
    readonly subjects?: Readonly<Record<string, number>>;
  };
  readonly total?: number;
}

interface StoredMessage {
  readonly message: {
    readonly subject: string;
    readonly seq: number;
    readonly hdrs?: string;
    readonly data?: string;
    readonly time: string;
  };
}

export class JetStreamLayer implements StreamLayer {
  readonly #deps: LayerDeps;
  readonly #api: Api;
  readonly #closed = new AbortController();

  constructor(deps: LayerDeps) {
    this.#deps = deps;
    this.#api = new Api(deps.connection, deps.clock, deps.random);
  }

  get maxPayloadBytes(): number {
    return this.#deps.connection.nats.info?.max_payload ?? 2 ** 20;
  }

  get status(): AsyncStatus {
    return this.#deps.connection.status;
  }

  ensure(streams: readonly StreamSettings[]): Promise<void> {
    return ensureStreams(this.#api, streams);
  }

  publish(subject: string, data: Uint8Array | string, options?: PublishOptions) {
    return this.#open(`publish to '${subject}'`).publish(subject, data, options);
  }

  async *consume(stream: string, options: ConsumeOptions, signal: AbortSignal) {
    const api = this.#open(`consume '${stream}'`);
    const ending = AbortSignal.any([signal, this.#closed.signal]);
    yield* consumeStream({ ...this.#deps, api }, stream, options, ending);
  }

  async deleteConsumer(stream: string, durable: string): Promise<void> {
    await ignoring(
      apiCodes.consumerNotFound,
      this.#api.request(`CONSUMER.DELETE.${stream}.${token(durable)}`),
    );
  }

  async *follow(stream: string, options: LayerFollowOptions, signal: AbortSignal) {
    const api = this.#open(`follow '${stream}'`);
    const ending = AbortSignal.any([signal, this.#closed.signal]);
    const info = (name: string) => this.info(name);
    yield* followStream({ ...this.#deps, api, info }, stream, options, ending);
  }

  last(stream: string, subject: string): Promise<Message | undefined> {
    return this.#getMessage(stream, { last_by_subj: subject });
  }

  next(stream: string, subject: string, fromSeq: number): Promise<Message | undefined> {
    return this.#getMessage(stream, { seq: fromSeq, next_by_subj: subject });
  }

  get(stream: string, seq: number): Promise<Message | undefined> {
    return this.#getMessage(stream, { seq });
  }

  /** The server gives 100,000 subjects a page. */
  async subjects(stream: string, filter: string): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>();
    for (let offset = 0; ; ) {
      const page = await this.#request<StreamInfo>(`STREAM.INFO.${stream}`, {
        subjects_filter: filter,
        offset,
      });
      const entries = Object.entries(page.state.subjects ?? {});
      for (const [subject, count] of entries) found.set(subject, count);
      offset += entries.length;
      if (entries.length === 0 || offset >= (page.total ?? 0)) return found;
    }
  }

  async purge(stream: string, subject: string, { keep, beforeSeq }: PurgeOptions = {}): Promise<void> {
    await this.#request(`STREAM.PURGE.${stream}`, {
      filter: subject,
      ...(keep === undefined ? {} : { keep }),
      ...(beforeSeq === undefined ? {} : { seq: beforeSeq }),
    });
  }

  async deleteMessage(stream: string, seq: number): Promise<void> {
    const gone = this.#api.request(`STREAM.MSG.DELETE.${stream}`, { seq, no_erase: true });
    try {
      await gone;
    } catch (error) {
      // Already gone: 10037 (no message found) or 10057 (store refused: message not found).
      if (!(error instanceof ApiRefusal)) throw error;
      if (!/not found/i.test(error.message) && error.code !== apiCodes.messageNotFound) throw refused(error);
    }
  }

  async info(stream: string): Promise<StreamState> {
    const { state } = await this.#request<StreamInfo>(`STREAM.INFO.${stream}`);
    const { messages, bytes, first_seq: firstSeq, last_seq: lastSeq } = state;
    return { messages, bytes, firstSeq, lastSeq };
  }

  async describe(): Promise<BusDescription> {
    const { nats } = this.#deps.connection;
    return {
      server: nats.getServer(),
      version: nats.info?.version ?? "unknown",
      replicas: this.#deps.replicas,
      sync: this.#deps.sync,
      maxPayloadBytes: this.maxPayloadBytes,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await this.#deps.connection[Symbol.asyncDispose]();
  }

  async #getMessage(stream: string, query: object): Promise<Message | undefined> {
    const stored = await ignoring(
      apiCodes.messageNotFound,
      this.#api.request<StoredMessage>(`STREAM.MSG.GET.${stream}`, query),
    );
    if (stored === undefined) return undefined;
    const { subject, seq, hdrs, data, time } = stored.message;
    return {
      subject,
      seq,
      data: Buffer.from(data ?? "", "base64"),
      headers: hdrs === undefined ? {} : parseHeaderBlock(hdrs),
      storedAt: Date.parse(time),
    };
  }

  #open(what: string): Api {
    if (this.#closed.signal.aborted) throw BusError.CLOSED({ what });
    return this.#api;
  }

  async #request<T>(endpoint: string, body?: unknown): Promise<T> {
    try {
      return await this.#open(endpoint).request<T>(endpoint, body);
    } catch (error) {
      throw error instanceof ApiRefusal ? refused(error, endpoint) : error;
    }
  }
}

const refused = (error: ApiRefusal, what = "request") =>
  BusError.UNAVAILABLE({ what, reason: error.message }, error);

async function ignoring<T>(code: number, request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof ApiRefusal && error.code === code) return undefined;
    throw error instanceof ApiRefusal ? refused(error) : error;
  }
}
