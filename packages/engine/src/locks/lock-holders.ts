// Taking and freeing one lock in the bucket: compare-and-set on what is known of it, read afresh when it is not.
import {
  backoffMs,
  type Clock,
  defaultBackoff,
  hasCode,
  type Logger,
  messageOf,
  type Random,
  retryOf,
  sleepFor,
} from "@sluice/base";
import type { KeyValue } from "@sluice/bus";
import type { LimitBook } from "./limit-book.ts";
import { holdersKey, type NamedLock, readHolders } from "./lock-store.ts";
import {
  isHeldBy,
  type Lock,
  type LockEntry,
  type LockTable,
  type Waiter,
  withHolder,
  withoutHolder,
} from "./lock-table.ts";

export interface LockDeps {
  readonly locks: KeyValue;
  readonly limits: LimitBook;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** How one ask takes one lock. */
interface Taking {
  readonly waiter: Waiter;
  readonly limit: number;
  /** Fences under which this ask has tried to take it: more come in here. */
  readonly tried: Set<number>;
  /** Whether the run is still this process's, asked right before each try. */
  readonly permit: () => Promise<boolean>;
}

/** The fence; or that there is no room after all, or that the run is another engine's now. */
export type Taken = number | "full" | "left";

/** The process's hand on the bucket; what it learns there it tells the table. */
export class LockHolders {
  readonly #deps: LockDeps;
  readonly #table: LockTable;
  /** Ends what is tried again and again. */
  signal: AbortSignal = AbortSignal.abort();

  constructor(deps: LockDeps, table: LockTable) {
    this.#deps = deps;
    this.#table = table;
  }

  /** What another hand on the run took is taken over under a fence of our own (L6). */
  async take({ id, key }: NamedLock, { waiter, limit, tried, permit }: Taking): Promise<Taken> {
    for (let fresh = false; ; fresh = true) {
      const lock = this.#table.of(id, key);
      const isRead = fresh || lock.revision === 0;
      if (isRead) await this.#refresh(lock);
      if (!(await permit())) return "left";
      // L1: nothing is waited for from here to the write; what the watch tells meanwhile is another state to judge.
      const held = isHeldBy(lock.entry, waiter.holder);
      // What another process gave back for this holder may not have been heard of here: it is no acquisition any more.
      if (held !== undefined && !isRead) continue;
      if (held !== undefined && tried.has(held.fence)) return held.fence;
      if (held === undefined && lock.entry.holders.length >= limit) return "full";
      const next = withHolder(lock.entry, waiter, this.#deps.clock.now());
      tried.add(next.fence);
      if (await this.#write(lock, next)) return next.fence;
    }
  }

  /** Takes the holder off the lock, if it is there; with `fences`, only those acquisitions of it. Tried until it is done. */
  free(id: string, holder: string, fences?: ReadonlySet<number>): Promise<void> {
    return this.persist(async () => {
      for (let fresh = false; ; fresh = true) {
        const lock = this.#table.of(id, id);
        if (fresh || isHeldBy(lock.entry, holder) === undefined) await this.#refresh(lock);
        const held = isHeldBy(lock.entry, holder);
        if (held === undefined || fences?.has(held.fence) === false) return;
        if (await this.#write(lock, withoutHolder(lock.entry, holder))) return;
      }
    });
  }

  async #refresh(lock: Lock): Promise<void> {
    const { entry, revision } = await readHolders(this.#deps.locks, lock.id);
    if (revision === 0) Object.assign(lock, { revision: 0, entry: { ...lock.entry, holders: [] } });
    else if (revision >= lock.revision) Object.assign(lock, { revision, entry: entry ?? lock.entry });
  }

  /** False when somebody was first. */
  async #write(lock: Lock, entry: LockEntry): Promise<boolean> {
    const key = holdersKey(lock.id);
    try {
      const data = JSON.stringify(entry);
      const revision =
        lock.revision === 0
          ? await this.#deps.locks.create(key, data)
          : await this.#deps.locks.update(key, data, lock.revision);
      if (revision > lock.revision) Object.assign(lock, { revision, entry });
      return true;
    } catch (error) {
      if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
      return false;
    }
  }

  /** Tries until it is done or the process ends; what is left then is swept. */
  async persist(work: () => Promise<void>): Promise<void> {
    for (let attempt = 1; !this.signal.aborted; attempt++) {
      try {
        await work();
        return;
      } catch (error) {
        if (retryOf(error) !== "later") throw error;
        await this.backOff(attempt, error);
      }
    }
  }

  async backOff(attempt: number, error: unknown): Promise<void> {
    const { clock, log, random } = this.#deps;
    log.warn("the locks cannot be reached, trying again", { attempt, reason: messageOf(error) });
    await sleepFor(
      clock,
      backoffMs({ ...defaultBackoff, capMs: 5_000 }, attempt, random.next()),
      this.signal,
    );
  }
}
