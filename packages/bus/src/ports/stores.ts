// What the rest of Sluice talks to: typed doors over a Transport. Each is a few dozen lines in `stores/`.
import type {
  CauseRef,
  DeadLetter,
  EventOrigin,
  RunSubmitted,
  StoredEvent,
  TrailRecord,
  TriggerRequest,
} from "@sluice/spec";
import type { ConsumeOptions, KeyValue, PubAck, Verdict } from "./transport.ts";

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

/** DEAD. */
export interface DeadLetters {
  put(letter: DeadLetter): Promise<void>;
  list(namespace: string, limit: number): Promise<readonly Stored<DeadLetter>[]>;
  get(namespace: string, id: string): Promise<Stored<DeadLetter> | undefined>;
  /** Removed after its request went back to TRIGGERS. */
  remove(seq: number): Promise<void>;
}

/** A message that no reader could decode: written by something else than Sluice, by a newer version, or damaged. */
export interface QuarantinedMessage {
  /** Names it in lists; made of stream and position. */
  readonly id: string;
  /** Epoch ms: when it was put aside. */
  readonly at: number;
  /** Where it was stored: `EVENTS`, `RUNS`, …, or `archive`. */
  readonly stream: string;
  readonly subject: string;
  readonly originalSeq: number;
  readonly reason: string;
  /** Base64 of its first 64 KiB. */
  readonly data: string;
}

/** The quarantine in DEAD. */
export interface Quarantine {
  /** Newest first; a message that was met several times is one entry. */
  list(namespace: string, limit: number): Promise<readonly Stored<QuarantinedMessage>[]>;
  get(namespace: string, id: string): Promise<Stored<QuarantinedMessage> | undefined>;
}

/** TRAIL: what happened to an event. */
export interface Trail {
  record(record: TrailRecord): Promise<void>;
  of(cause: CauseRef): Promise<readonly TrailRecord[]>;
  follow(namespace: string, signal: AbortSignal): AsyncIterable<TrailRecord>;
}

/** A run's place in RUNS: one subject a run, by name, so that a name is taken once. */
export interface RunKey {
  readonly namespace: string;
  readonly name: string;
}

/** A journal record: facts that were appended together. `F` is the engine's fact type. */
export interface JournalRecord<F> {
  readonly key: RunKey;
  /** Position in RUNS; the next append of this run expects it. */
  readonly seq: number;
  readonly storedAt: number;
  readonly facts: readonly F[];
  /** Set when these are all facts of the run, from its first to the one at position `upTo`: what came before may be gone. */
  readonly checkpoint?: { readonly upTo: number /** Who wrote it. */; readonly by: string };
}

/** RUNS. `F` always includes RunSubmitted. */
export interface Journal<F = RunSubmitted> {
  /**
   * Appends facts in one record, if the run's last record is still `expectedSeq` (0 = the run does not exist).
   * Errors: BUS_WRONG_SEQUENCE (another writer was first), BUS_UNAVAILABLE.
   */
  append(key: RunKey, facts: readonly F[], expectedSeq: number): Promise<number>;
  /** From the first record, or after `afterSeq`. */
  read(key: RunKey, afterSeq?: number): AsyncIterable<JournalRecord<F>>;
  /** Every run that has a journal. */
  keys(namespace?: string): Promise<readonly RunKey[]>;
  /** All runs' records in order: first all that is stored (then `caught-up`), then as they come. */
  follow(
    signal: AbortSignal,
    options?: { readonly start?: "all" | "new" },
  ): AsyncIterable<
    { readonly type: "record"; readonly record: JournalRecord<F> } | { readonly type: "caught-up" }
  >;
  purge(key: RunKey): Promise<void>;
  /**
   * Puts all facts of a run into one packed record on top of `expectedSeq`, the last of them, and removes the records
   * that it holds. A crash between the two leaves both, and readers understand that. Errors: as `append`.
   */
  compact(
    key: RunKey,
    facts: readonly F[],
    on: { readonly expectedSeq: number; readonly by: string },
  ): Promise<number>;
}

/** The outcome of asking for a run. */
export type SubmitOutcome =
  | { readonly kind: "created"; readonly seq: number }
  /** The same uid exists already, running or archived: the repeat of a cause (P3). */
  | { readonly kind: "duplicate" }
  /** Another run has this name. */
  | { readonly kind: "name-taken"; readonly uid: string };

/**
 * The one way to start a run: looks at the archive row (and tombstone), then appends the first fact with
 * expected sequence 0. Safe to repeat, however late.
 */
export type SubmitRun = (fact: RunSubmitted) => Promise<SubmitOutcome>;

/** LOGS: output lines of steps. */
export interface LogLine {
  /** Epoch ms. */
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  readonly text: string;
}
/** Whose lines they are. `run`: tells runs apart that had the name one after another; absent in old records. */
export interface LogSource {
  readonly id: string;
  readonly attempt: number;
  readonly run?: string;
}

export interface LogStore {
  /**
   * Lines of one attempt of one node; resolves when stored, with the position of the last. Order is kept per node.
   * `after`: the position of the node's last stored lines (0 = none), whosever they are. Errors: BUS_WRONG_SEQUENCE when
   * there are others by now: a writer that was overtaken stores nothing.
   */
  append(key: RunKey, node: LogSource, lines: readonly LogLine[], after?: number): Promise<number>;
  /** Whose a node's last stored lines are, and their position. */
  tail(key: RunKey, nodeId: string): Promise<(LogSource & { readonly seq: number }) | undefined>;
  read(
    key: RunKey,
    options: { readonly node?: string; readonly follow?: AbortSignal },
  ): AsyncIterable<
    LogLine & {
      readonly nodeId: string;
      readonly attempt: number;
      readonly run?: string;
      readonly seq: number;
    }
  >;
  purge(key: RunKey): Promise<void>;
}

/** An applied manifest. */
export interface Resource<T = unknown> {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Grows by one with each change of the spec. */
  readonly generation: number;
  /** For compare-and-set. */
  readonly revision: number;
  /** Epoch ms. */
  readonly appliedAt: number;
  readonly manifest: T;
}

export type ResourceChange =
  | { readonly type: "applied"; readonly resource: Resource }
  | { readonly type: "deleted"; readonly kind: string; readonly namespace: string; readonly name: string }
  | { readonly type: "caught-up" };

/** KV `resources`. Cluster-scoped kinds use the namespace "". */
export interface Resources {
  /** Stores; an equal manifest changes nothing and keeps the generation. */
  apply(
    kind: string,
    namespace: string,
    name: string,
    manifest: unknown,
  ): Promise<{ readonly resource: Resource; readonly outcome: "created" | "configured" | "unchanged" }>;
  get(kind: string, namespace: string, name: string): Promise<Resource | undefined>;
  list(kind: string, namespace?: string): Promise<readonly Resource[]>;
  delete(kind: string, namespace: string, name: string): Promise<boolean>;
  /** All kinds asked for: first what is there, then `caught-up`, then changes. */
  watch(kinds: readonly string[], signal: AbortSignal): AsyncIterable<ResourceChange>;
}

/** Every door at once, made by `openStores(transport)`. */
export interface Stores {
  readonly events: EventLog;
  readonly triggers: TriggerQueue;
  readonly dead: DeadLetters;
  readonly quarantine: Quarantine;
  readonly trail: Trail;
  readonly logs: LogStore;
  readonly resources: Resources;
  readonly submitRun: SubmitRun;
  journal<F>(): Journal<F>;
  /** Compare-and-set state of joins, schedules and locks. */
  state(bucket: "sensor-state" | "schedules" | "locks" | "memo" | "leases" | "dedup"): KeyValue;
  readonly archive: Archive;
  readonly artifacts: ArtifactStore;
  readonly memo: MemoStore;
}

/** What is stored at a key of the artifact repository: a file, a link, or the mark of a folder (its key ends in `/`). */
export interface StoredArtifact {
  readonly namespace: string;
  /** Names joined by `/`, as in an object store. */
  readonly key: string;
  readonly kind: "file" | "folder" | "link";
  readonly bytes: number;
  /** SHA-256 of its content, hex. */
  readonly hash: string;
  /** Uid of the run that wrote it. */
  readonly owner: string;
  /** Permission bits. */
  readonly mode?: number;
  /** Of a link: where it points, as it was written. */
  readonly target?: string;
  /** Epoch ms. */
  readonly storedAt: number;
}
export interface ArtifactPlace {
  readonly namespace: string;
  readonly key: string;
  readonly owner: string;
  readonly mode?: number;
}

/**
 * The default artifact repository: keys to files, like a bucket of an object store, one for each namespace. What is
 * written last at a key is what lies there.
 */
export interface ArtifactStore {
  /**
   * Stores a file; `open` gives its content, the same each time, and is called up to twice. May be repeated.
   * Errors: BUS_ARTIFACT_KEY (never), BUS_UNAVAILABLE, BUS_STREAM_FULL (later).
   */
  put(
    place: ArtifactPlace,
    open: () => AsyncIterable<Uint8Array>,
  ): Promise<{ readonly bytes: number; readonly hash: string }>;
  /** A folder that may be empty, or a symbolic link in one. */
  mark(
    place: ArtifactPlace,
    what: { readonly kind: "folder" } | { readonly kind: "link"; readonly target: string },
  ): Promise<void>;
  /** The file at the key, not what lies under it. */
  find(namespace: string, key: string): Promise<StoredArtifact | undefined>;
  /** All that lies under the key (`""`: all of the namespace), in no order that means anything. */
  list(namespace: string, key: string): AsyncIterable<StoredArtifact>;
  /** Errors: BUS_OBJECT_CORRUPT, also when it was overwritten and its content is gone. */
  read(artifact: StoredArtifact): AsyncIterable<Uint8Array>;
  /** Removes what lies at the key and under it, if it is of this owner. */
  remove(namespace: string, key: string, owner: string): Promise<void>;
}

/** KV `memo`: what templates with `memoize` gave, by cache and key. */
export interface MemoStore {
  /** Undefined when there is none. Errors: BUS_DECODE when it cannot be read; BUS_UNAVAILABLE. */
  get(at: MemoKey): Promise<MemoEntry | undefined>;
  /** Stores the entry unless a newer one is there. */
  put(at: MemoKey, entry: MemoEntry): Promise<void>;
}
export interface MemoKey {
  readonly namespace: string;
  readonly cache: string;
  readonly key: string;
}
export interface MemoEntry {
  /** The node whose outputs they are. */
  readonly node: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly outputs?: unknown;
}

/** KV `archive`: one summary a finished run; a deleted run leaves a tombstone so that its cause cannot run again. */
export interface Archive {
  /** A tombstone of the same uid wins: the row of a deleted run is not stored. */
  put(row: ArchiveRow): Promise<"stored" | "buried">;
  get(key: RunKey): Promise<ArchiveRow | ArchiveTombstone | undefined>;
  /** A row that cannot be read is put in quarantine and left out. */
  list(namespace?: string): AsyncIterable<ArchiveRow>;
  /** Leaves a tombstone, unless another run of the name has a row by now. */
  bury(key: RunKey, uid: string): Promise<void>;
  /** Of the newest change: a watch that is there has seen all that was stored before this was asked. */
  lastRevision(): Promise<number>;
  /** First what is there, then `caught-up`, then changes, until the signal aborts. */
  watch(signal: AbortSignal): AsyncIterable<ArchiveChange>;
}
/** `passed`: a change that shows nothing, such as a row that cannot be read. */
export type ArchiveChange =
  | { readonly type: "row"; readonly row: ArchiveRow; readonly revision: number }
  | { readonly type: "tombstone"; readonly key: RunKey; readonly revision: number }
  | { readonly type: "passed"; readonly revision: number }
  | { readonly type: "caught-up" };
export interface ArchiveRow {
  readonly v: 1;
  readonly key: RunKey;
  readonly uid: string;
  readonly phase: "Succeeded" | "Failed" | "Error";
  readonly message?: string;
  readonly submittedAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly causes: readonly CauseRef[];
  /** Uids under which the run was tried before. */
  readonly earlier?: readonly string[];
  /** Epoch ms after which the run's `ttlStrategy` has it removed. */
  readonly expiresAt?: number;
  /** The workflow object in Argo's shape (spec and status), gzip (or, after "br:", brotli) and base64. */
  readonly object: string;
}
export interface ArchiveTombstone {
  readonly v: 1;
  readonly key: RunKey;
  readonly uid: string;
  readonly deletedAt: number;
}
