// The archive's rows as lists need them, in memory, kept up to date by a watch.
// Invariants
//   I1. Once caught up, the index holds every row of the archive, or `complete` is false and lists read the archive.
//   I2. At most `maxRows` rows and `maxPackedChars` of packed objects are held; rows whose object is not held are read.
import { type Logger, messageOf } from "@sluice/base";
import type { Archive, ArchiveRow } from "@sluice/bus";
import type { RunKeyed } from "../run/state/run.ts";

export interface IndexedRow
  extends Pick<ArchiveRow, "key" | "uid" | "phase" | "submittedAt" | "finishedAt" | "labels" | "causes"> {
  /** Uids that it had before. */
  readonly earlier: readonly string[];
  /** The packed object, when it is held. */
  readonly object: string | undefined;
}

export interface ArchiveIndexLimits {
  readonly maxRows: number;
  readonly maxPackedChars: number;
}

const defaultIndexLimits: ArchiveIndexLimits = { maxRows: 50_000, maxPackedChars: 16 * 2 ** 20 };

export class ArchiveIndex {
  readonly #archive: Archive;
  readonly #log: Logger;
  readonly #limits: ArchiveIndexLimits;
  /** Oldest change first. */
  readonly #rows = new Map<string, IndexedRow>();
  /** Keys of the rows by uid, also by those that a run had before it was tried again. */
  readonly #keys = new Map<string, RunKeyed>();
  readonly #listeners = new Set<(key: RunKeyed) => void>();
  readonly #caughtUp = Promise.withResolvers<boolean>();
  #packedChars = 0;
  #following = false;
  #isCaughtUp = false;
  #complete = true;

  constructor(archive: Archive, log: Logger, limits: ArchiveIndexLimits = defaultIndexLimits) {
    this.#archive = archive;
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
      });
  }

  /** All rows of a namespace; undefined when they must be read from the archive. Waits until the index has caught up. */
  async rows(namespace: string | undefined): Promise<readonly IndexedRow[] | undefined> {
    if (!this.#following || !(await this.#caughtUp.promise) || !this.#complete) return undefined;
    const all = [...this.#rows.values()];
    return namespace === undefined ? all : all.filter((row) => row.key.namespace === namespace);
  }

  /** Whose row has this uid; `unknown` when the archive has to be read. Waits until the index has caught up. */
  async keyOf(uid: string): Promise<RunKeyed | undefined | "unknown"> {
    if (!this.#following || !(await this.#caughtUp.promise)) return "unknown";
    return this.#keys.get(uid) ?? (this.#complete ? undefined : "unknown");
  }

  /** Calls back for each row and tombstone that comes after the index has caught up. Returns how to stop. */
  onChange(listener: (key: RunKeyed) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const change of this.#archive.watch(signal)) {
      if (change.type === "caught-up") {
        this.#isCaughtUp = true;
        this.#caughtUp.resolve(true);
        continue;
      }
      const key = change.type === "row" ? change.row.key : change.key;
      this.#remove(idOf(key));
      if (change.type === "row") this.#add(change.row);
      if (this.#isCaughtUp) for (const listener of [...this.#listeners]) listener(key);
    }
  }

  #add({ object, ...row }: ArchiveRow): void {
    const { key, uid, phase, submittedAt, finishedAt, labels, causes, earlier = [] } = row;
    const held = this.#packedChars + object.length <= this.#limits.maxPackedChars;
    if (held) this.#packedChars += object.length;
    this.#rows.set(idOf(key), {
      ...{ key, uid, phase, submittedAt, finishedAt, labels, causes, earlier },
      object: held ? object : undefined,
    });
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
  }
}

const idOf = (key: RunKeyed): string => `${key.namespace}/${key.name}`;
