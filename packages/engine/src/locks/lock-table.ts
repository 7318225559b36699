// Holders and queue of every lock, as one process knows them. Pure: what it is told is the store's word or its own.
// Invariants
//   T1. A queue is ordered by priority (high first), the run's creation, its uid, the order of its asks: the same order
//       in each process, and the same for each of a waiter's locks, so that waiters never wait for each other in a ring.
//   T2. Only the head of all its queues may take, and only where there is room in each.
//   T3. A word about holders that is older than the known one changes nothing.
import type { RunKeyed } from "../run/state/run.ts";

export interface Waiter {
  /** Names who waits or holds: the run's uid and its ask. */
  readonly holder: string;
  readonly run: RunKeyed;
  readonly uid: string;
  readonly ask: string;
  readonly priority: number;
  /** When the run was submitted, epoch ms. */
  readonly createdAt: number;
  readonly order: number;
}

export interface Holder extends Pick<Waiter, "holder" | "run" | "uid" | "ask"> {
  readonly fence: number;
  /** Epoch ms. */
  readonly at: number;
}

/** A lock's holders as they are stored. */
export interface LockEntry {
  readonly v: 1;
  /** As it is shown. */
  readonly key: string;
  /** The last acquisition's number. */
  readonly fence: number;
  readonly holders: readonly Holder[];
}

export interface Lock {
  readonly id: string;
  entry: LockEntry;
  revision: number;
  readonly queue: Waiter[];
}

export function compareWaiters(a: Waiter, b: Waiter): number {
  return (
    b.priority - a.priority ||
    a.createdAt - b.createdAt ||
    (a.uid < b.uid
      ? -1
      : a.uid > b.uid
        ? 1
        : a.order - b.order || (a.holder < b.holder ? -1 : a.holder > b.holder ? 1 : 0))
  );
}

export const isHeldBy = (entry: LockEntry, holder: string): Holder | undefined =>
  entry.holders.find((h) => h.holder === holder);

/** With the holder, whose fence is beyond all before: one more, or one that is there already in its place. */
export function withHolder(entry: LockEntry, waiter: Waiter, now: number): LockEntry {
  const { holder, run, uid, ask } = waiter;
  const fence = Math.max(entry.fence + 1, now);
  const taken: Holder = { holder, run, uid, ask, fence, at: now };
  const holders = isHeldBy(entry, holder)
    ? entry.holders.map((h) => (h.holder === holder ? taken : h))
    : [...entry.holders, taken];
  return { ...entry, fence, holders };
}

export const withoutHolder = (entry: LockEntry, holder: string): LockEntry => ({
  ...entry,
  holders: entry.holders.filter((h) => h.holder !== holder),
});

export class LockTable {
  readonly #locks = new Map<string, Lock>();

  get(id: string): Lock | undefined {
    return this.#locks.get(id);
  }

  all(): readonly Lock[] {
    return [...this.#locks.values()];
  }

  /** The lock, made when it is not known; `key` is how it is shown. */
  of(id: string, key: string): Lock {
    const known = this.#locks.get(id);
    if (known !== undefined) return known;
    const lock: Lock = { id, entry: { v: 1, key, fence: 0, holders: [] }, revision: 0, queue: [] };
    this.#locks.set(id, lock);
    return lock;
  }

  /** What the store says; false when it is no news (T3). `undefined`: the entry was removed. */
  learn(id: string, entry: LockEntry | undefined, revision: number): boolean {
    const lock = this.of(id, entry?.key ?? id);
    if (revision <= lock.revision) return false;
    lock.revision = revision;
    lock.entry = entry ?? { ...lock.entry, holders: [] };
    this.#forget(lock);
    return true;
  }

  enqueue(id: string, key: string, waiter: Waiter): void {
    const { queue } = this.of(id, key);
    const at = place(queue, waiter);
    if (queue[at] === undefined || compareWaiters(queue[at], waiter) !== 0) queue.splice(at, 0, waiter);
  }

  dequeue(id: string, waiter: Waiter): void {
    const lock = this.#locks.get(id);
    if (lock === undefined) return;
    const at = place(lock.queue, waiter);
    if (lock.queue[at]?.holder !== waiter.holder) return;
    lock.queue.splice(at, 1);
    this.#forget(lock);
  }

  tidy(id: string): void {
    const lock = this.#locks.get(id);
    if (lock !== undefined) this.#forget(lock);
  }

  /** Names come from inputs: a lock that nobody holds or wants is not kept in mind. Its revision is read anew. */
  #forget(lock: Lock): void {
    if (lock.queue.length === 0 && lock.entry.holders.length === 0) this.#locks.delete(lock.id);
  }
}

/** Where the waiter stands, or would, in the sorted queue. */
function place(queue: readonly Waiter[], waiter: Waiter): number {
  let low = 0;
  let high = queue.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareWaiters(queue[middle] as Waiter, waiter) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
