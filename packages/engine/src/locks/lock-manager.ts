// Mutexes and semaphores of every engine process on one bus.
// Owns:      the process's asks and its picture of the bucket.      Talks to: KeyValue `locks`, LimitBook, Clock.
// Invariants
//   L1. A lock's holders change only by compare-and-set on what was read: never more of them than the limit was at
//       that moment, however many processes try.
//   L2. An ask takes all of its locks or, when one is not to be had, gives back at once those that it took.
//   L3. Asking again is harmless: who holds has it still, and who waits keeps its place.
//   L4. What one holder asks and gives back is done in that order; an answer that may be lost is looked up, not assumed.
//   L5. A process that ends gives nothing back: holders are runs, and their next engine asks again.
//   L6. An acquisition is of one hand on the run: the next hand takes over what it finds under a new fence, and gives
//       back, like everybody, by fence. So what a frozen process gives back late is only what nobody took over.
import { messageOf, retryOf, sideBySide } from "@sluice/base";
import type { KvChange } from "@sluice/bus";
import type { LockWish } from "../run/state/asks.ts";
import { HolderChains } from "./holder-chains.ts";
import { type LockDeps, LockHolders } from "./lock-holders.ts";
import {
  decodeEntry,
  limitKey,
  type NamedLock,
  namedLock,
  parseLockKey,
  type StoredLimit,
  type StoredWaiter,
} from "./lock-store.ts";
import { type Lock, type LockEntry, LockTable, type Waiter } from "./lock-table.ts";
import {
  type LockRequest,
  type LockWait,
  obstacleOf,
  type PendingAsk,
  pendingAsk,
  waitOf,
} from "./pending-ask.ts";
import { WaiterList } from "./waiter-list.ts";

export class LockManager {
  readonly #deps: LockDeps;
  readonly #table = new LockTable();
  readonly #holders: LockHolders;
  readonly #pending = new Map<string, PendingAsk>();
  /** Locks in the hands of a take of this process. */
  readonly #busy = new Set<string>();
  /** Asks with nothing in their way but a take under way. */
  readonly #behindBusy = new Set<PendingAsk>();
  /** What each holder still has to have done, in order (L4). */
  readonly #chains: HolderChains;
  readonly #waiters: WaiterList;
  #signal: AbortSignal = AbortSignal.abort();
  #ready = false;
  #told: () => void = () => {};
  /** Resolves once all that is stored was read. */
  readonly ready = new Promise<void>((resolve) => (this.#told = resolve));

  constructor(deps: LockDeps) {
    this.#deps = deps;
    this.#holders = new LockHolders(deps, this.#table);
    this.#waiters = new WaiterList(deps.locks, this.#table, this.#holders);
    this.#chains = new HolderChains((holder, error) => {
      if (!this.#signal.aborted)
        deps.log.error("a lock could not be served", { holder, reason: messageOf(error) });
    });
  }

  /** Follows the bucket until the signal aborts. Nothing is given out before all that is stored was read. */
  async follow(signal: AbortSignal): Promise<void> {
    this.#signal = signal;
    this.#holders.signal = signal;
    await sideBySide(signal, [
      (ending) => this.#deps.limits.follow(() => void this.#relimit(), ending),
      (ending) => this.#watch(ending),
    ]);
    await this.#chains.settled();
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const change of this.#deps.locks.watch(">", signal)) {
      if (change.type !== "caught-up") this.#learn(change);
      else if (!this.#ready) {
        this.#ready = true;
        this.#told();
        for (const pending of [...this.#pending.values()]) this.#admitted(pending);
      }
    }
  }

  #learn(change: Exclude<KvChange, { type: "caught-up" }>): void {
    const key = change.type === "put" ? change.entry.key : change.key;
    const about = parseLockKey(key);
    switch (about.kind) {
      case "holders": {
        const revision = change.type === "put" ? change.entry.revision : change.revision;
        const entry = change.type === "put" ? decodeEntry<LockEntry>(change.entry) : undefined;
        if (this.#table.learn(about.id, entry, revision)) this.#kick(about.id);
        return;
      }
      case "waiter": {
        const stored = change.type === "put" ? decodeEntry<StoredWaiter>(change.entry) : undefined;
        this.#waiters.learn(about.id, key, stored, (holder) => this.#pending.has(holder));
        this.#kick(about.id);
        return;
      }
      case "limit":
        this.#deps.limits.learn(
          key,
          change.type === "put" ? decodeEntry<StoredLimit>(change.entry) : undefined,
        );
        void this.#relimit();
        return;
      case "unknown":
        return;
    }
  }

  /** Asks for all the locks; asking again for a holder that still waits takes the place of the first ask. */
  ask(request: LockRequest): void {
    const pending = pendingAsk(request);
    this.#pending.set(request.waiter.holder, pending);
    if (this.#ready) this.#admitted(pending);
  }

  /** Everything about the holder is known: it joins the queues. */
  #admitted(pending: PendingAsk): void {
    void this.#chains.run(pending.waiter.holder, async () => {
      const refused = await this.#readLimits(pending);
      if (!this.#isLive(pending) || pending.state !== "asking") return;
      if (refused !== undefined) {
        this.#end(pending);
        pending.answer({ kind: "denied", reason: refused });
        return;
      }
      pending.state = "queued";
      for (const { id, key } of pending.named) this.#table.enqueue(id, key, pending.waiter);
      this.#serve(pending);
      if (this.#isQueued(pending)) this.#waits(pending);
    });
  }

  #isQueued(pending: PendingAsk): boolean {
    return this.#isLive(pending) && pending.state === "queued";
  }

  #isLive(pending: PendingAsk): boolean {
    return this.#pending.get(pending.waiter.holder) === pending;
  }

  async #readLimits(pending: PendingAsk): Promise<string | undefined> {
    const limits = new Map<string, number>();
    for (const { id, wish } of pending.named) {
      const limit = await this.#deps.limits.of(wish, limitKey(wish.namespace, wish.name));
      if (limit.kind === "none") return limit.reason;
      limits.set(id, limit.value);
    }
    pending.limits = limits;
    return undefined;
  }

  /** Limits may have changed: those who wait are looked at again. A limit that is gone keeps them waiting. */
  async #relimit(): Promise<void> {
    for (const pending of [...this.#pending.values()]) {
      if (pending.state !== "queued" || pending.named.every(({ wish }) => wish.kind.endsWith("mutex")))
        continue;
      const gone = await this.#readLimits(pending);
      if (gone !== undefined) pending.limits = new Map();
      if (this.#isLive(pending)) for (const { id } of pending.named) this.#kick(id);
    }
  }

  /** Lets the head of the lock's queue take, if it is this process's. */
  #kick(id: string): void {
    const head = this.#table.get(id)?.queue[0];
    const pending = head === undefined ? undefined : this.#pending.get(head.holder);
    if (pending !== undefined) this.#serve(pending);
  }

  /** Has the ask take its locks, if nothing is in its way. */
  #serve(pending: PendingAsk): void {
    if (!this.#ready || this.#signal.aborted || !this.#isQueued(pending)) return;
    if (obstacleOf(pending, this.#table) !== undefined) return;
    if (pending.named.some((lock) => this.#busy.has(lock.id))) {
      this.#behindBusy.add(pending);
      return;
    }
    pending.state = "taking";
    for (const lock of pending.named) this.#busy.add(lock.id);
    void this.#chains
      .run(pending.waiter.holder, () => this.#take(pending))
      .finally(() => {
        for (const lock of pending.named) this.#busy.delete(lock.id);
        const again = [...this.#behindBusy];
        this.#behindBusy.clear();
        for (const other of again) this.#serve(other);
        for (const lock of pending.named) this.#kick(lock.id);
        if (this.#isQueued(pending)) this.#waits(pending);
      });
  }

  async #take(pending: PendingAsk): Promise<void> {
    if (!this.#isLive(pending)) return;
    const { waiter, permit, tried, limits } = pending;
    const fences = new Map<NamedLock, number>();
    try {
      for (const lock of pending.named) {
        const taking = { waiter, permit, limit: limits.get(lock.id) ?? 0, tried: triedOf(tried, lock.id) };
        const taken = await this.#holders.take(lock, taking);
        if (taken === "left" && pending.state === "taking") this.abandon(waiter.holder);
        if (typeof taken !== "number") break;
        fences.set(lock, taken);
      }
      pending.failures = 0;
    } catch (error) {
      fences.clear();
      pending.failures += 1;
      if (retryOf(error) === "later") await this.#holders.backOff(pending.failures, error);
      else if (this.#isLive(pending)) {
        this.#end(pending);
        pending.answer({ kind: "denied", reason: messageOf(error) });
      }
    }
    // Its run is another engine's: what was taken is there for it (L5).
    if (pending.state === "abandoned") return;
    if (fences.size === pending.named.length && this.#isLive(pending)) {
      this.#end(pending);
      pending.answer({
        kind: "locked",
        fences: Object.fromEntries([...fences].map(([{ key }, f]) => [key, f])),
      });
      return;
    }
    // L2. With an answer lost, what was taken is not known: all that was tried is looked at.
    for (const [id, its] of tried) if (its.size > 0) await this.#free(id, waiter.holder, its);
    if (this.#isLive(pending)) pending.state = "queued";
  }

  /** It has to wait: its place is stored, for the other processes. */
  #waits(pending: PendingAsk): void {
    pending.changed();
    pending.enrolled ??= this.#waiters.add(pending.waiter, pending.named, () => this.#isLive(pending));
  }

  /** Off the books, whether it got its locks or not. */
  #end(pending: PendingAsk): void {
    const { holder } = pending.waiter;
    pending.state = "over";
    if (this.#pending.get(holder) === pending) this.#pending.delete(holder);
    for (const { id } of pending.named) this.#table.dequeue(id, pending.waiter);
    void this.#chains.run(holder, async () => {
      await pending.enrolled;
      if (this.#pending.has(holder)) return;
      for (const { id } of pending.named)
        await this.#waiters.remove(id, holder, pending.enrolled !== undefined);
    });
  }

  /** Gives the holder's locks back, or takes its ask back: whichever it is by now. Resolves when it is stored. */
  release(
    holder: string,
    locks: readonly LockWish[],
    fences?: Readonly<Record<string, number>>,
  ): Promise<void> {
    const pending = this.#pending.get(holder);
    if (pending !== undefined) this.#end(pending);
    return this.#chains.run(holder, async () => {
      for (const { id, key } of locks.map(namedLock))
        await this.#free(id, holder, fences?.[key] === undefined ? undefined : new Set([fences[key]]));
    });
  }

  /** The run is another engine's: its asks are asked there. */
  abandon(holder: string): void {
    const pending = this.#pending.get(holder);
    if (pending === undefined) return;
    pending.state = "abandoned";
    this.#pending.delete(holder);
    for (const { id } of pending.named)
      if (!this.#waiters.has(id, holder)) this.#table.dequeue(id, pending.waiter);
  }

  async #free(id: string, holder: string, fences?: ReadonlySet<number>): Promise<void> {
    await this.#holders.free(id, holder, fences);
    this.#kick(id);
    this.#table.tidy(id);
  }

  /** What the holder waits for now; undefined when it does not, or nothing is known yet. */
  waiting(holder: string): LockWait | undefined {
    const pending = this.#pending.get(holder);
    return pending === undefined || !this.#ready ? undefined : waitOf(pending, this.#table);
  }

  /** Who holds and who waits, for the sweeper. */
  get picture(): readonly { readonly lock: Lock; readonly waiters: readonly Waiter[] }[] {
    return this.#table.all().map((lock) => ({ lock, waiters: [...lock.queue] }));
  }

  /** Removes what is left of a holder that is no more; `fence`: of the acquisition that was looked at. */
  sweep(id: string, { holder, fence }: Pick<Waiter, "holder"> & { readonly fence?: number }): Promise<void> {
    return this.#chains.run(holder, async () => {
      await this.#free(id, holder, fence === undefined ? undefined : new Set([fence]));
      await this.#waiters.remove(id, holder);
    });
  }
}

/** Of a lock that the ask names. */
const triedOf = (tried: PendingAsk["tried"], id: string): Set<number> => tried.get(id) ?? new Set();
