// One engine's hand on the shard leases.
// Owns:      its member entry in `leases`, and the shards that the table gives it.   Talks to: KeyValue, Clock.
// Invariants
//   K1. The table is changed only by compare-and-set on the revision that our view of the members belongs to (V2).
//   K2. Ownership counts as fresh for `freshMs` after the beginning of a beat that was stored. That is less than the
//       time in which anybody could find us silent: the first of `silentBeats` beats may follow ours at once. Kept by
//       `pulse.ts`.
//   K3. Older ownership is confirmed by a beat and then a touch of the table: whoever was about to take our shards
//       fails on the touch, and has seen the beat when it looks again.
//   K4. A shard on its way to someone else is not held: its runs are let go before the table says so.
//   K6. Who has tried to give a shard away, and does not know whether that was stored, has it no more until the table was
//       touched or read anew: fresh ownership (K2) counts on nobody but us giving it away.
//   K5. A shard whose epoch grew while we thought it ours was another's in between: it is lost and gained anew.
import {
  backoffMs,
  type Clock,
  defaultBackoff,
  hasCode,
  type Logger,
  messageOf,
  type Random,
  sideBySide,
  sleepFor,
} from "@sluice/base";
import { shardOf } from "./assignment.ts";
import { memberKey, memberOf, parsed, tableKey } from "./entries.ts";
import { emptyTable, planShards, withOwners } from "./plan.ts";
import type { ShardEvents, Shards } from "./port.ts";
import { Pulse } from "./pulse.ts";
import type { ShardSettings } from "./settings.ts";
import { type Beat, beatMs, type ShardTable, ShardView } from "./view.ts";

interface KeeperDeps extends ShardSettings {
  readonly self: string;
  readonly site: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly events: ShardEvents;
  /** Whether this engine has runs: it then beats also when it is alone. */
  readonly isBusy: () => boolean;
}

const tickMs = 250;
/** A farewell takes no longer. */
const leaveMs = 1_000;
/** How often one that is alone and has nothing to do says so. */
const idleBeatMs = 30_000;

export class ShardKeeper implements Shards {
  readonly isShared = true;
  readonly #deps: KeeperDeps;
  readonly #view: ShardView;
  readonly #pulse: Pulse;
  readonly #signal: AbortSignal;
  readonly #releasing = new Set<number>();
  readonly #ready = Promise.withResolvers<void>();
  /** Shards that we act for. */
  #held = new Set<number>();
  #epochs: ReadonlyMap<number, number> = new Map();
  #count: number;
  #confirming: Promise<void> | undefined;
  #isCaughtUp = false;

  constructor(deps: KeeperDeps, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
    this.#view = new ShardView(deps.self);
    this.#pulse = new Pulse(deps);
    this.#count = deps.count ?? 64;
  }

  /** Resolves once what can be had at once is had. */
  get ready(): Promise<void> {
    return this.#ready.promise;
  }

  shardOf(runUid: string): number {
    return shardOf(runUid, this.#count);
  }

  holds(runUid: string): boolean {
    const shard = this.shardOf(runUid);
    return this.#held.has(shard) && !this.#releasing.has(shard);
  }

  isFresh(runUid: string): boolean {
    return this.#pulse.isFresh && this.holds(runUid);
  }

  async confirm(runUid: string): Promise<boolean> {
    while (!this.#signal.aborted && this.holds(runUid) && !this.#pulse.isFresh) await this.#proven();
    return !this.#signal.aborted && this.holds(runUid);
  }

  tenure(): (runUid: string) => boolean {
    const since = this.#epochs;
    return (runUid) => {
      const shard = this.shardOf(runUid);
      return this.holds(runUid) && since.has(shard) && since.get(shard) === this.#epochs.get(shard);
    };
  }

  async freshen(): Promise<void> {
    while (!this.#signal.aborted && !this.#pulse.isFresh) await this.#proven();
  }

  #proven(): Promise<void> {
    this.#confirming ??= this.#prove().finally(() => {
      this.#confirming = undefined;
    });
    return this.#confirming;
  }

  /** Beats, takes what is ours and gives what is not, until the signal aborts. */
  async run(): Promise<void> {
    try {
      await sideBySide(this.#signal, [(ending) => this.#watch(ending), (ending) => this.#beat(ending)]);
    } finally {
      this.#ready.resolve();
    }
  }

  async #beat(signal: AbortSignal): Promise<void> {
    await this.#persist(() => this.#pulse.beat(true), signal);
    while (!signal.aborted) {
      await this.#tick();
      await sleepFor(this.#deps.clock, tickMs, signal);
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    for await (const change of this.#deps.leases.watch("engine.>", signal)) {
      if (change.type === "caught-up") this.#isCaughtUp = true;
      else if (change.type === "delete") {
        const id = memberOf(change.key);
        if (id !== undefined) this.#view.left(id);
      } else if (change.entry.key === tableKey)
        this.#tableIs(parsed<ShardTable>(change.entry.value), change.entry.revision);
      else this.#heard(change.entry);
    }
  }

  #heard(entry: { readonly key: string; readonly value: Uint8Array; readonly revision: number }): void {
    const id = memberOf(entry.key);
    if (id === undefined) return;
    const beat = parsed<Beat>(entry.value);
    const isNew = !this.#view.members.has(id);
    if (beat !== undefined) this.#view.beat(id, beat, entry.revision);
    // One that came just now must not wait for our next idle beat to know that we live.
    if (isNew && id !== this.#deps.self) void this.#pulse.beat(false).catch(() => undefined);
  }

  #tableIs(table: ShardTable | undefined, revision: number): void {
    if (table === undefined || !this.#view.tableIs(table, revision)) return;
    this.#count = table.owners.length;
    const held = new Set<number>();
    table.owners.forEach((owner, shard) => {
      if (owner === this.#deps.self) held.add(shard);
    });
    // One that went and came back between two looks is another's in between (K5).
    const isSame = (shard: number) => held.has(shard) && this.#epochs.get(shard) === table.epochs[shard];
    const lost = [...this.#held].filter((shard) => !isSame(shard));
    const gained = [...held].filter((shard) => !(this.#held.has(shard) && isSame(shard)));
    this.#held = held;
    this.#epochs = new Map([...held].map((shard) => [shard, table.epochs[shard] ?? 0]));
    const robbed = lost.filter((shard) => !this.#releasing.delete(shard));
    if (robbed.length > 0) {
      this.#deps.log.warn("shards were taken over by another engine", { shards: robbed.length });
      this.#deps.events.lost(robbed);
    }
    if (gained.length > 0) this.#deps.events.gained(gained);
  }

  async #tick(): Promise<void> {
    const { clock } = this.#deps;
    try {
      const isAlone = this.#view.members.size <= 1 && !this.#deps.isBusy();
      const dueMs = isAlone ? idleBeatMs : beatMs;
      if (this.#pulse.isDue(dueMs)) await this.#pulse.beat(true);
      if (this.#isCaughtUp) await this.#settle();
    } catch (error) {
      if (this.#signal.aborted) return;
      this.#deps.log.warn("the shard leases cannot be written, trying again", { reason: messageOf(error) });
      await sleepFor(clock, 500, this.#signal);
    }
  }

  async #settle(): Promise<void> {
    const { self, log } = this.#deps;
    const isGone = this.#deps.isGone ?? (() => false);
    if (this.#view.table === undefined) {
      const { members } = this.#view;
      if (!members.has(self)) return;
      await this.#swap(emptyTable(this.#count));
    }
    const table = this.#view.table;
    if (table === undefined || !this.#view.members.has(self)) return;
    const live = this.#view.live(isGone);
    const plan = planShards(table, self, live);
    if (plan.take.length > 0) {
      const from = new Set(plan.take.map((shard) => table.owners[shard] ?? ""));
      if (!(await this.#swap(withOwners(table, new Map(plan.take.map((shard) => [shard, self])))))) return;
      from.delete("");
      log.info("shards taken", { shards: plan.take.length, from: [...from].join(", ") || "nobody" });
    }
    await this.#bury(live);
    this.#ready.resolve();
    if (plan.give.size > 0) await this.#give(plan.give);
  }

  /** Entries of the dead that have no shard any more go. */
  async #bury(live: readonly string[]): Promise<void> {
    const owners = new Set(this.#view.table?.owners);
    for (const { id, revision } of [...this.#view.members.values()]) {
      if (live.includes(id) || owners.has(id)) continue;
      await this.#deps.leases.delete(memberKey(id), revision).catch(() => undefined);
    }
  }

  async #give(give: ReadonlyMap<number, string>): Promise<void> {
    const released = new Map<number, string>();
    const release = async ([shard, to]: readonly [number, string]) => {
      const site = this.#view.members.get(to)?.beat.site;
      this.#releasing.add(shard);
      if (await this.#deps.events.release(shard, site === this.#deps.site)) released.set(shard, to);
      else this.#releasing.delete(shard);
    };
    await Promise.all([...give].map(release));
    const table = this.#view.table;
    if (released.size === 0 || table === undefined) return;
    const isDone = await this.#swap(withOwners(table, released)).catch(() => false);
    if (isDone) this.#deps.log.info("shards handed over", { shards: released.size });
    // K6. It may be stored although we did not hear it: until the table has said whose they are they are not held.
    else await this.#proven();
    const kept = [...released.keys()].filter(
      (shard) => this.#releasing.delete(shard) && this.#held.has(shard),
    );
    if (kept.length > 0) this.#deps.events.gained(kept);
  }

  /** K1. False when someone was first: the watch will show it. */
  async #swap(table: ShardTable): Promise<boolean> {
    const { leases } = this.#deps;
    const text = JSON.stringify(table);
    const before = this.#view.tableRevision;
    try {
      const revision =
        before === 0 ? await leases.create(tableKey, text) : await leases.update(tableKey, text, before);
      this.#tableIs(table, revision);
      return true;
    } catch (error) {
      if (hasCode(error, "BUS_WRONG_SEQUENCE")) return false;
      throw error;
    }
  }

  /** K3. */
  async #prove(): Promise<void> {
    await this.#persist(async () => {
      const startedAt = this.#deps.clock.monotonic();
      await this.#pulse.beat(false);
      const { table } = this.#view;
      if (table !== undefined && (await this.#swap(table))) {
        this.#pulse.provedAt(startedAt);
        return;
      }
      // Someone changed it: what it says now counts, and may have come before the watch has shown it.
      const entry = await this.#deps.leases.get(tableKey);
      if (entry !== undefined) this.#tableIs(parsed<ShardTable>(entry.value), entry.revision);
    });
  }

  async #persist(work: () => Promise<void>, signal = this.#signal): Promise<void> {
    const { clock, random } = this.#deps;
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await work();
        return;
      } catch {
        const waitMs = backoffMs({ ...defaultBackoff, capMs: 2_000 }, attempt, random.next());
        await sleepFor(clock, waitMs, signal);
      }
    }
  }

  /** A farewell once nothing is done any more, so that nobody has to wait for our silence. Does not throw. */
  async leave(): Promise<void> {
    const { clock } = this.#deps;
    const enough = new AbortController();
    await Promise.race([this.#giveBack(), sleepFor(clock, leaveMs, enough.signal)]);
    enough.abort();
  }

  async #giveBack(): Promise<void> {
    const { table } = this.#view;
    try {
      // Ours to give, as those in `#give`: nobody has robbed us of them.
      for (const shard of this.#held) this.#releasing.add(shard);
      if (table !== undefined && this.#held.size > 0)
        await this.#swap(withOwners(table, new Map([...this.#held].map((shard) => [shard, ""]))));
      await this.#deps.leases.delete(memberKey(this.#deps.self));
    } catch (error) {
      this.#deps.log.debug("the shards could not be given back", { reason: messageOf(error) });
    }
  }
}
