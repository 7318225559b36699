// The waiters that lie in the bucket: each process lists its own there, so that all of them keep one queue.
import type { KeyValue } from "@sluice/bus";
import type { LockHolders } from "./lock-holders.ts";
import { type NamedLock, type StoredWaiter, waiterKey } from "./lock-store.ts";
import type { LockTable, Waiter } from "./lock-table.ts";

export class WaiterList {
  readonly #locks: KeyValue;
  readonly #table: LockTable;
  readonly #holders: LockHolders;
  /** By key of the bucket. */
  readonly #stored = new Map<string, Waiter>();

  constructor(locks: KeyValue, table: LockTable, holders: LockHolders) {
    this.#locks = locks;
    this.#table = table;
    this.#holders = holders;
  }

  /** What the bucket says of one key. A waiter for whom `isAskedHere` holds is left alone: its own process knows better than an echo. */
  learn(
    id: string,
    key: string,
    stored: StoredWaiter | undefined,
    isAskedHere: (holder: string) => boolean,
  ): void {
    const before = this.#stored.get(key);
    if (stored !== undefined) {
      this.#stored.set(key, stored.waiter);
      this.#table.enqueue(id, stored.key, stored.waiter);
    } else if (before !== undefined) {
      this.#stored.delete(key);
      if (!isAskedHere(before.holder)) this.#table.dequeue(id, before);
    }
  }

  has(id: string, holder: string): boolean {
    return this.#stored.has(waiterKey(id, holder));
  }

  /** Stores the waiter's place in each queue, for as long as `isLive`. */
  add(waiter: Waiter, named: readonly NamedLock[], isLive: () => boolean): Promise<void> {
    return this.#holders.persist(async () => {
      for (const { id, key } of named) {
        if (!isLive()) return;
        const stored: StoredWaiter = { v: 1, key, waiter };
        await this.#locks.put(waiterKey(id, waiter.holder), JSON.stringify(stored));
      }
    });
  }

  /** Takes the holder off the list of one lock; `certainly` also where this process has not heard of it. */
  async remove(id: string, holder: string, certainly = false): Promise<void> {
    if (!certainly && !this.has(id, holder)) return;
    await this.#holders.persist(() => this.#locks.delete(waiterKey(id, holder)));
  }
}
