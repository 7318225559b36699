// What a broker must be able to do for Sluice, by physical stream name. The typed Transport, the KV buckets and the
// object store are all built on this one layer, so memory and JetStream cannot differ in them.
import type {
  AsyncStatus,
  BusDescription,
  ConsumeOptions,
  Delivery,
  Followed,
  FollowOptions,
  Message,
  PubAck,
  PublishOptions,
  PurgeOptions,
  StreamState,
} from "../ports/transport.ts";
import type { StreamSettings } from "../streams.ts";

/** A reader that wants an answer, and not to wait for ever, says how long it stays without progress, ms. */
export type LayerFollowOptions = FollowOptions & { readonly giveUpMs?: number };

/** For bounded reads. */
export const readGiveUpMs = 5_000;

/** Streams by their physical name. Same promises and errors as `Transport`. */
export interface StreamLayer extends AsyncDisposable {
  /** Creates the streams, or updates them to the settings. Errors: BUS_STREAM_SETTINGS. */
  ensure(streams: readonly StreamSettings[]): Promise<void>;
  publish(subject: string, data: Uint8Array | string, options?: PublishOptions): Promise<PubAck>;
  consume(stream: string, options: ConsumeOptions, signal: AbortSignal): AsyncIterable<Delivery>;
  deleteConsumer(stream: string, durable: string): Promise<void>;
  follow(stream: string, options: LayerFollowOptions, signal: AbortSignal): AsyncIterable<Followed>;
  last(stream: string, subject: string): Promise<Message | undefined>;
  /** The first message on the subject at `fromSeq` or behind it. */
  next(stream: string, subject: string, fromSeq: number): Promise<Message | undefined>;
  get(stream: string, seq: number): Promise<Message | undefined>;
  subjects(stream: string, filter: string): Promise<ReadonlyMap<string, number>>;
  purge(stream: string, subject: string, options?: PurgeOptions): Promise<void>;
  deleteMessage(stream: string, seq: number): Promise<void>;
  info(stream: string): Promise<StreamState>;
  describe(): Promise<BusDescription>;
  readonly maxPayloadBytes: number;
  readonly status: AsyncStatus;
}
