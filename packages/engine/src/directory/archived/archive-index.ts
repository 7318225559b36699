// The archive's rows as lists need them, in memory, kept up to date by a watch.
// Invariants
//   I1. Once caught up, the index holds every row of the archive, or `complete` is false and lists read the archive.
//   I3. What is answered holds every row that was stored before it was asked for. A run that has left its journal has a row:
//       an index that is behind would show that it is nowhere.
//   I2. At most `maxRows` rows and `maxPackedChars` of packed objects are held; rows whose object is not held are read.
import { type Clock, type Logger, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { Archive, ArchiveRow } from "@sluice/bus";
import { idOf, type RunKeyed } from "../../run/state/run.ts";
import { Origins } from "./origins.ts";
import type { IndexedRow } from "./row.ts";

export interface ArchiveIndexLimits {
  readonly maxRows: number;
  readonly maxPackedChars: number;
}

/** So long an answer waits for the rows that are stored already to come; then the archive is read instead. */
const patienceMs = 1_000;

const defaultIndexLimits: ArchiveIndexLimits = { maxRows: 50_000, maxPackedChars: 16 * 2 ** 20 };

export class ArchiveIndex {
  readonly #archive: Archive;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #limits: ArchiveIndexLimits;
  /** Oldest change first. */
  readonly #rows = new Map<string, IndexedRow>();
  /** Keys of the rows by uid, also by those that a run had before it was tried again. */
  readonly #keys = new Map<string, RunKeyed>();
  readonly #origins = new Origins();
  readonly #listeners = new Set<(key: RunKeyed) => void>();
  readonly #caughtUp = Promise.withResolvers<boolean>();
  #packedChars = 0;
  #following = false;
  #isCaughtUp = false;
  #complete = true;
  /** Every change up to this one is in the index. */
  #revision = 0;
  /** Called when the revision grows, or none comes any more. */
  readonly #waiting = new Set<() => void>();

  constructor(
    archive: Archive,
    { clock, log }: { readonly clock: Clock; readonly log: Logger },
    limits: ArchiveIndexLimits = defaultIndexLimits,
  ) {
    this.#archive = archive;
    this.#clock = clock;
    this.#log = log;
    this.#limits = limits;
  }

  get isFollowing(): boolean {
    return this.#following;
  }

  /** Starts to follow the archive, once, until the signal aborts. */
  follow(signal: AbortSignal): void {
    if (this.#following || signal.aborted) return;
    this.#following = true;
    this.#watch(signal)
      .catch((error: unknown) => {
        if (!signal.aborted)
          this.#log.error("the archive's index broke; lists read the archive", { reason: messageOf(error) });
      })
      .finally(() => {
        this.#following = false;
        this.#complete = false;
        this.#caughtUp.resolve(false);
        this.#wake();
      });
  }

  /** All rows of a namespace; undefined when they must be read from the archive. Waits until the index has caught up. */
  async rows(namespace: string | undefined): Promise<readonly IndexedRow[] | undefined> {
    if (!(await this.#isFresh()) || !this.#complete) return undefined;
    const all = [...this.#rows.values()];
    return namespace === undefined ? all : all.filter((row) => row.key.namespace === namespace);
  }

  /** Whose row has this uid; `unknown` when the archive has to be read. Waits until the index has caught up. */
  async keyOf(uid: string): Promise<RunKeyed | undefined | "unknown"> {
    if (!(await this.#isFresh())) return "unknown";
    return this.#keys.get(uid) ?? (this.#complete ? undefined : "unknown");
  }

  /**
   * The run that went well and began last of those of the same template or cron workflow; undefined when there is none, or
   * it is not known. Waits until the index has caught up.
   */
  async newest(namespace: string, labels: Readonly<Record<string, string>>): Promise<IndexedRow | undefined> {
    // Behind a busy archive, a run of a moment ago does as well.
    const isFresh = await this.#isFresh();
    return isFresh || (this.#following && this.#isCaughtUp)
      ? this.#origins.newest(namespace, labels)
      : undefined;
  }

  /** Calls back for each row and tombstone that comes after the index has caught up. Returns how to stop. */
  onChange(listener: (key: RunKeyed) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** I3. */
  async #isFresh(): Promise<boolean> {
    if (!this.#following || !(await this.#caughtUp.promise)) return false;
    const wanted = await this.#archive.lastRevision();
    const enough = new AbortController();
    const look = () => {
      if (this.#revision >= wanted || !this.#following) enough.abort();
    };
    this.#waiting.add(look);
    look();
    try {
      if (!enough.signal.aborted) await sleepFor(this.#clock, patienceMs, enough.signal);
    } finally {
      this.#waiting.delete(look);
    }
    return this.#following && this.#revision >= wanted;
  }

  #wake(): void {
    for (const look of [...this.#waiting]) look();
  }

  #reached(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    this.#wake();
  }

  /** While the bus is away this is tried again, as the watch itself is. */
  async #firstRevision(signal: AbortSignal): Promise<number> {
    for (;;) {
      try {
        return await this.#archive.lastRevision();
      } catch (error) {
        if (signal.aborted || retryOf(error) !== "later") throw error;
      }
      await sleepFor(this.#clock, patienceMs, signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    // What is behind it now may be gone before the watch would show it.
    const before = await this.#firstRevision(signal);
    for await (const change of this.#archive.watch(signal)) {
      if (change.type === "caught-up") {
        this.#isCaughtUp = true;
        this.#reached(before);
        this.#caughtUp.resolve(true);
        continue;
      }
      if (change.type === "passed") {
        if (this.#isCaughtUp) this.#reached(change.revision);
        continue;
      }
      const key = change.type === "row" ? change.row.key : change.key;
      this.#remove(idOf(key));
      if (change.type === "row") this.#add(change.row);
      // Before the index has caught up, rows come in any order of keys.
      if (this.#isCaughtUp) this.#reached(change.revision);
      if (this.#isCaughtUp) for (const listener of [...this.#listeners]) listener(key);
    }
  }

  #add({ object, ...row }: ArchiveRow): void {
    const { key, uid, phase, submittedAt, startedAt, finishedAt, labels, causes, earlier = [] } = row;
    const held = this.#packedChars + object.length <= this.#limits.maxPackedChars;
    if (held) this.#packedChars += object.length;
    const indexed = {
      ...{ key, uid, phase, submittedAt, startedAt, finishedAt, labels, causes, earlier },
      object: held ? object : undefined,
      packedChars: object.length,
    };
    this.#rows.set(idOf(key), indexed);
    this.#origins.add(indexed);
    for (const one of [uid, ...earlier]) this.#keys.set(one, key);
    const [oldest] = this.#rows.keys();
    if (this.#rows.size <= this.#limits.maxRows || oldest === undefined) return;
    this.#remove(oldest);
    this.#complete = false;
  }

  #remove(id: string): void {
    const row = this.#rows.get(id);
    if (row === undefined) return;
    this.#packedChars -= row.object?.length ?? 0;
    for (const uid of [row.uid, ...row.earlier]) this.#keys.delete(uid);
    this.#rows.delete(id);
    this.#origins.remove(row);
  }
}
