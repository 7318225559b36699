/** The streams of the path of an event. Their settings are in `streams.ts`. */
export type StreamName = "EVENTS" | "TRIGGERS" | "DEAD" | "RUNS" | "TRAIL" | "LOGS" | "HOLDS" | "ARTIFACTS";

/** What of a subject stays. One of them at most. */
export interface PurgeOptions {
  readonly keep?: number;
  readonly beforeSeq?: number;
}

/** A stored message. */
export interface Message {
  readonly subject: string;
  /** Position in the stream. */
  readonly seq: number;
  readonly data: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** Epoch ms at which the stream stored it. */
  readonly storedAt: number;
}

export interface PublishOptions {
  /** Stored once within the stream's dedup window. */
  readonly msgId?: string;
  /** The append is refused (BUS_WRONG_SEQUENCE) unless the subject's last message has this sequence; 0 = there is none. */
  readonly expectLastSubjectSeq?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** How long to wait for the acknowledgement, ms. Default 5,000. */
  readonly timeoutMs?: number;
}

export interface PubAck {
  readonly seq: number;
  /** The stream already had a message of this `msgId`. */
  readonly duplicate: boolean;
}

export interface ConsumeOptions {
  /** Name of the durable consumer: its position survives restarts. */
  readonly durable: string;
  /** Full subjects, wildcards allowed. A change keeps the position. */
  readonly filterSubjects: readonly string[];
  /** Where a consumer that does not exist yet begins. Default "all". */
  readonly start?: "all" | "new" | { readonly atMs: number };
  /** Redelivered when not settled in this time, ms; `working` extends it. */
  readonly ackWaitMs: number;
  /** Deliveries under way at once. */
  readonly maxInFlight: number;
}

export interface Delivery extends Message {
  /** 1 on first delivery. */
  readonly attempt: number;
  /** Exactly once. Resolves when the bus has taken it. */
  settle(verdict: Verdict): Promise<void>;
  /** Says that it is still being worked on. */
  working(): void;
}

export type Verdict =
  | { readonly kind: "ack" }
  | { readonly kind: "retry"; readonly delayMs: number }
  /** Never again; whoever says this has stored why. */
  | { readonly kind: "drop" };

export interface FollowOptions {
  readonly filterSubjects?: readonly string[];
  readonly start: "all" | "new" | "last-per-subject" | { readonly seq: number };
}

/** What a follower sees; `caught-up` comes once, when all that was stored at the start has been seen. */
export type Followed =
  | { readonly type: "message"; readonly message: Message }
  | { readonly type: "caught-up" };

/**
 * Streams as Sluice needs them: durable appends with conditions, work queues, ordered reading.
 * Order: messages of one subject are seen in the order they were stored.
 * Errors everywhere: BUS_UNAVAILABLE (later) when the server is away or silent.
 */
export interface Transport extends AsyncDisposable {
  /**
   * Resolves only after the stream has stored the message.
   * Errors: BUS_WRONG_SEQUENCE (later), BUS_MESSAGE_TOO_LARGE (never), BUS_STREAM_FULL (later), BUS_UNAVAILABLE (later).
   */
  publish(subject: string, data: Uint8Array | string, options?: PublishOptions): Promise<PubAck>;

  /** At-least-once deliveries. Ends without throwing when `signal` aborts; survives the server's restart. */
  consume(stream: StreamName, options: ConsumeOptions, signal: AbortSignal): AsyncIterable<Delivery>;
  /** Removes a durable consumer and its position. */
  deleteConsumer(stream: StreamName, durable: string): Promise<void>;

  /** Ordered, without acknowledgement; resumes by itself after a lost connection without gap or repeat. */
  follow(stream: StreamName, options: FollowOptions, signal: AbortSignal): AsyncIterable<Followed>;

  /** What is stored now on the subjects (wildcards allowed), in order, from `fromSeq` (default the first). */
  read(stream: StreamName, subject: string, fromSeq?: number): AsyncIterable<Message>;
  /** The last message of a subject. */
  last(stream: StreamName, subject: string): Promise<Message | undefined>;
  get(stream: StreamName, seq: number): Promise<Message | undefined>;
  /** Subjects that hold messages, with how many. `filter` may have wildcards. */
  subjects(stream: StreamName, filter: string): Promise<ReadonlyMap<string, number>>;
  /** Removes the subject's messages; with `keep`, all but the newest so many; with `beforeSeq`, only those before it. */
  purge(stream: StreamName, subject: string, options?: PurgeOptions): Promise<void>;
  deleteMessage(stream: StreamName, seq: number): Promise<void>;
  info(stream: StreamName): Promise<StreamState>;

  keyValue(bucket: BucketName): KeyValue;
  objects(): ObjectStore;
  /** Prefix of all subjects and names, `sluice` unless set. */
  readonly prefix: string;
  /** What the server is and what its acknowledgement means. */
  describe(): Promise<BusDescription>;
  /** Emits on loss and return of the connection. */
  readonly status: AsyncStatus;
}

export interface StreamState {
  readonly messages: number;
  readonly bytes: number;
  readonly firstSeq: number;
  readonly lastSeq: number;
}

export interface BusDescription {
  readonly server: string;
  readonly version: string;
  readonly replicas: number;
  /** "always": on disk before the acknowledgement; a duration: at most that much may be lost at power failure. */
  readonly sync: string;
  readonly maxPayloadBytes: number;
}

export interface AsyncStatus {
  readonly connected: boolean;
  /** Calls back on each change; returns how to stop. */
  onChange(listener: (connected: boolean) => void): () => void;
}

export type BucketName =
  | "resources"
  | "sensor-state"
  | "schedules"
  | "locks"
  | "memo"
  | "leases"
  | "archive"
  | "dedup";

export interface KvEntry {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
  readonly storedAt: number;
}

/** Keys are tokens joined by dots; make them with `token()`. */
export interface KeyValue {
  get(key: string): Promise<KvEntry | undefined>;
  put(key: string, value: Uint8Array | string): Promise<number>;
  /** Errors: BUS_WRONG_SEQUENCE when the key exists. */
  create(key: string, value: Uint8Array | string): Promise<number>;
  /** Errors: BUS_WRONG_SEQUENCE when the key is not at `revision` any more. */
  update(key: string, value: Uint8Array | string, revision: number): Promise<number>;
  delete(key: string, revision?: number): Promise<void>;
  /** Of the newest write to the bucket, whatever became of its key; 0 before the first. */
  lastRevision(): Promise<number>;
  /** `filter` as a subject: `default.*`, `>`. */
  entries(filter: string): AsyncIterable<KvEntry>;
  /** First what is there, then `caught-up`, then changes, until the signal aborts. */
  watch(filter: string, signal: AbortSignal): AsyncIterable<KvChange>;
}

export type KvChange =
  | { readonly type: "put"; readonly entry: KvEntry }
  | { readonly type: "delete"; readonly key: string; readonly revision: number }
  | { readonly type: "caught-up" };

/** Large content under its own hash (lower-case hex SHA-256). */
export interface ObjectStore {
  put(content: Uint8Array): Promise<{ readonly hash: string }>;
  get(hash: string): Promise<Uint8Array | undefined>;
  /**
   * Stores content piece by piece under the hash that it will have; content that is there already is not read.
   * Errors: BUS_OBJECT_CORRUPT when it has another hash in the end; then nothing is stored.
   */
  write(hash: string, content: AsyncIterable<Uint8Array>): Promise<void>;
  /** Piece by piece; undefined when it is not there. Errors: BUS_OBJECT_CORRUPT, at the latest behind the last piece. */
  open(hash: string): Promise<AsyncIterable<Uint8Array> | undefined>;
  delete(hash: string): Promise<void>;
}
