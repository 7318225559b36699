import type { RunSubmitted } from "@sluice/spec";

/** A run's place in RUNS: one subject a run, by name, so that a name is taken once. */
export interface RunKey {
  readonly namespace: string;
  readonly name: string;
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
  /**
   * All runs' records in order: first all that is stored (then `caught-up`), then as they come. Ends, without throwing,
   * when `signal` aborts or the bus is closed; an outage, or a record that cannot be read, does not end it.
   * Errors: BUS_DENIED.
   */
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

/** A journal record: facts that were appended together. `F` is the engine's fact type. */
export interface JournalRecord<F> {
  readonly key: RunKey;
  /** Position in RUNS; the next append of this run expects it. */
  readonly seq: number;
  readonly storedAt: number;
  readonly facts: readonly F[];
  /** Set when these are all facts of the run, from its first to the one at position `upTo`: what came before may be gone. */
  readonly checkpoint?: {
    readonly upTo: number;
    /** Who wrote it. */
    readonly by: string;
  };
}

/**
 * The one way to start a run: looks at the archive row (and tombstone), then appends the first fact with
 * expected sequence 0. Safe to repeat, however late.
 */
export type SubmitRun = (fact: RunSubmitted) => Promise<SubmitOutcome>;

/** The outcome of asking for a run. */
export type SubmitOutcome =
  | { readonly kind: "created"; readonly seq: number }
  /** The same uid exists already, running or archived: the repeat of a cause (P3). */
  | { readonly kind: "duplicate" }
  /** Another run has this name. */
  | { readonly kind: "name-taken"; readonly uid: string };
