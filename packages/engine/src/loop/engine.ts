// The engine of one process: follows RUNS, one actor a run.
// Owns:      the roster of actors, the slots, the log writer.    Ends: when its signal aborts; running steps are left running.
// Invariants
//   E1. Executors' events are read only after the unfinished runs were claimed and their steps adopted, so that every
//       event finds its run.
//   E2. A step's end reaches its actor after its output lines are stored.
//   E3. Nothing is forgotten at an executor for a run that this process did not bring to its end.
//   E4. Where nobody shares the runs, one of which another engine's record is seen has no actor here any more.
//   E5. Where engines share the runs, there are actors only for runs of our own shards; of the others only names are kept.
//   E6. A part without which the engine is deaf or unfair (locks, leases, an executor's events) does not break silently:
//       the engine ends with its error.
// How runs come to it: `recovery/takeover.ts` (T); how executors' events come to the actors: `steps/step-events.ts`.
import { messageOf } from "@sluice/base";
import type { JournalRecord } from "@sluice/bus";
import type { Fact } from "../facts.ts";
import { LimitBook } from "../locks/limit-book.ts";
import { LockManager } from "../locks/lock-manager.ts";
import { sweepLocks } from "../locks/sweeper.ts";
import { engineMetrics } from "../metrics/collect.ts";
import { type Folded, foldRecord, logBroken } from "../recovery/fold.ts";
import { Takeover } from "../recovery/takeover.ts";
import { idOf } from "../run/state/run.ts";
import { ShardKeeper } from "../shards/keeper.ts";
import { type Shards, unshared } from "../shards/port.ts";
import type { RunActor } from "./actor.ts";
import type { EngineDeps, LoopDeps } from "./deps.ts";
import { engineOf } from "./journal-writer.ts";
import { Roster } from "./roster.ts";
import { LogWriter } from "./steps/log-writer.ts";
import { StepSlots } from "./steps/slots.ts";
import { StepEvents } from "./steps/step-events.ts";

/** Advances every run of the journal that is its own until the signal aborts. Errors: only what cannot be mended by trying again. */
export async function runEngine(deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const engine = new Engine(deps, signal);
  await engine.follow();
}

class Engine {
  readonly #deps: LoopDeps;
  readonly #signal: AbortSignal;
  readonly #keeper: ShardKeeper | undefined;
  readonly #roster: Roster;
  readonly #events: StepEvents;
  readonly #takeover: Takeover;
  readonly #lives = new Map<RunActor, Promise<void>>();
  /** Runs read so far, until all that was stored is read. */
  readonly #folded = new Map<string, Folded>();
  readonly #tasks = new Set<Promise<void>>();
  /** E6. */
  readonly #broken = new AbortController();
  #recovered = false;
  /** Whether a run has been ours since before its journal was read by the follower. */
  #sinceFollowed: (runUid: string) => boolean = () => false;

  constructor({ shards, ...deps }: EngineDeps, stop: AbortSignal) {
    const signal = AbortSignal.any([stop, this.#broken.signal]);
    this.#signal = signal;
    const engine = `${deps.identity}-${deps.random.id().slice(0, 8)}`;
    this.#keeper = shards === undefined ? undefined : this.#makeKeeper({ shards, ...deps }, engine);
    const whose: Shards = this.#keeper ?? unshared;
    this.#deps = {
      ...deps,
      engine,
      shards: whose,
      slots: new StepSlots(deps.config?.maxParallelSteps ?? 64),
      logWriter: new LogWriter(deps, signal),
      ...coordinated(deps),
    };
    const spawn = (task: Promise<void>) => this.#spawn(task);
    this.#roster = new Roster(this.#deps, spawn, signal);
    this.#events = new StepEvents(this.#deps, { roster: this.#roster, spawn });
    const host = {
      ...{ roster: this.#roster, spawn },
      record: (record: JournalRecord<Fact>) => this.#record(record),
      live: (actor: RunActor) => this.#live(actor),
    };
    this.#takeover = new Takeover(this.#deps, host, signal);
  }

  #makeKeeper(deps: EngineDeps & Required<Pick<EngineDeps, "shards">>, self: string): ShardKeeper {
    const site = deps.executors.get(deps.defaultExecutor)?.site;
    const { clock, random, log } = deps;
    const events = {
      gained: () => this.#gained(),
      lost: (shards: readonly number[]) => this.#lost(new Set(shards)),
      release: (shard: number, isSameSite: boolean) => this.#release(shard, isSameSite),
    };
    const isBusy = () => this.#roster.size > 0;
    return new ShardKeeper({ ...deps.shards, self, site, clock, random, log, events, isBusy }, this.#signal);
  }

  async follow(): Promise<void> {
    const { registry, clock, slots, metrics } = this.#deps;
    const uncollect = metrics?.collect(() =>
      engineMetrics({
        ...{ registry, clock },
        ...{ waitingSteps: () => slots.waiting, busySteps: () => slots.busy },
      }),
    );
    const { locks } = this.#deps;
    if (locks !== undefined) this.#spawn(this.#vital(locks.follow(this.#signal)));
    try {
      if (this.#keeper !== undefined) {
        this.#spawn(this.#vital(this.#keeper.run()));
        await this.#keeper.ready;
      }
      this.#sinceFollowed = this.#deps.shards.tenure();
      for await (const item of this.#deps.journal.follow(this.#signal, { start: "all" })) {
        if (item.type === "record") this.#record(item.record);
        else if (!this.#recovered) await this.#recover();
      }
    } finally {
      uncollect?.();
      await Promise.allSettled(this.#tasks);
      await this.#keeper?.leave();
    }
    if (this.#broken.signal.aborted) throw this.#broken.signal.reason;
  }

  /** E6. */
  async #vital(part: Promise<void>): Promise<void> {
    try {
      await part;
    } catch (error) {
      if (!this.#signal.aborted) this.#broken.abort(error);
      throw error;
    }
  }

  #record(record: JournalRecord<Fact>): void {
    const id = idOf(record.key);
    const actor = this.#roster.get(id);
    const [first] = record.facts;
    // A name that is free again: the run that had it is put away, and only not yet dropped.
    if (actor !== undefined && first?.type === "submitted" && first.uid !== actor.run.uid)
      this.#roster.drop(actor);
    else if (actor !== undefined) {
      const engine = engineOf(record);
      const isForeign = engine !== undefined && engine !== this.#deps.engine && record.seq > actor.seq;
      if (isForeign && !this.#deps.shards.isShared) this.#letGo(actor);
      else actor.record(record);
      return;
    }
    if (this.#takeover.keep(record) || this.#isOthers(id, record)) return;
    const folded = this.#fold(id, record);
    if (folded === undefined || !this.#recovered) return;
    this.#folded.delete(id);
    // Another engine's run: it was there before this record, or it is claimed by now.
    if (first?.type !== "submitted") return;
    if (record.checkpoint === undefined) this.#spawn(this.#takeover.begin(this.#roster.add(folded)));
    else if (this.#deps.shards.isShared) {
      // Packed while we read: what it was made of went before it came to us, so that the run was not among those read (T5).
      this.#takeover.others.add(id, folded.run);
      this.#gained();
    }
  }

  /** E5. */
  #isOthers(id: string, { key, facts }: JournalRecord<Fact>): boolean {
    if (!this.#deps.shards.isShared) return false;
    const [first] = facts;
    const uid = first?.type === "submitted" ? first.uid : this.#folded.get(id)?.run.uid;
    if (uid !== undefined && !this.#deps.shards.holds(uid)) {
      this.#takeover.others.add(id, { key, uid });
      this.#folded.delete(id);
    }
    if (facts.some((fact) => fact.type === "sealed")) this.#takeover.others.sealed(id);
    return this.#takeover.others.has(id);
  }

  /** A record that cannot be read costs its run, not the others. */
  #fold(id: string, record: JournalRecord<Fact>): Folded | undefined {
    try {
      const folded = foldRecord(this.#folded.get(id), record, this.#deps.config?.limits);
      if (folded !== undefined) this.#folded.set(id, folded);
      return folded;
    } catch (error) {
      logBroken(this.#deps.log, record, error);
      this.#folded.delete(id);
      return undefined;
    }
  }

  /** All that was stored is read: take every run of ours, adopt its steps, and only then listen to executors (E1). */
  async #recover(): Promise<void> {
    const folded = [...this.#folded.values()];
    this.#folded.clear();
    this.#recovered = true;
    this.#deps.onRecovered?.();
    await this.#takeover.take(folded, this.#sinceFollowed);
    if (this.#signal.aborted) return;
    for (const [name, executor] of this.#deps.executors)
      this.#spawn(this.#vital(this.#events.listen(name, executor, this.#signal)));
    const { locks } = this.#deps;
    if (locks !== undefined) this.#spawn(sweepLocks(this.#deps, locks, this.#signal));
  }

  /** Shards are ours now; before all is read, `#recover` takes their runs. */
  #gained(): void {
    if (this.#recovered) this.#spawn(this.#takeover.take([]));
  }

  #live(actor: RunActor): void {
    const present = this.#roster.get(idOf(actor.run.key));
    if (present !== actor) {
      // Its shard was lost while it was claimed. Gained anew, the steps are those of the next hand on the run.
      if (present === undefined) this.#roster.detach(actor);
      return;
    }
    const life = this.#liveOut(actor).finally(() => this.#lives.delete(actor));
    this.#lives.set(actor, life);
    this.#spawn(life);
  }

  async #liveOut(actor: RunActor): Promise<void> {
    try {
      await actor.live(this.#signal);
      const { stage, uid } = actor.run;
      if (stage === "done" && this.#deps.shards.holds(uid)) this.#events.putAway(uid);
    } finally {
      this.#roster.drop(actor);
      this.#takeover.readAnew(actor);
    }
  }

  #letGo(actor: RunActor): void {
    this.#deps.log.warn("another engine has taken this run", { run: actor.run.key.name });
    actor.letGo();
    this.#roster.drop(actor);
  }

  #ofShards(shards: ReadonlySet<number>): readonly RunActor[] {
    return this.#roster.where((runUid) => shards.has(this.#keeper?.shardOf(runUid) ?? -1));
  }

  /** Others have these shards already: nothing more is done for their runs (A4). */
  #lost(shards: ReadonlySet<number>): void {
    for (const actor of this.#ofShards(shards)) this.#give(actor);
  }

  /** A live engine should have this shard: its runs stop here between two appends, and their steps run on. */
  async #release(shard: number, isSameSite: boolean): Promise<boolean> {
    if (!this.#recovered) return false;
    await this.#takeover.settled;
    const actors = this.#ofShards(new Set([shard]));
    if (!isSameSite && actors.some((actor) => actor.isBound)) return false;
    const lives = actors.map((actor) => this.#lives.get(actor));
    for (const actor of actors) this.#give(actor);
    await Promise.allSettled(lives);
    return true;
  }

  #give(actor: RunActor): void {
    actor.letGo();
    this.#roster.drop(actor);
    this.#takeover.others.add(idOf(actor.run.key), actor.run);
  }

  #spawn(task: Promise<void>): void {
    const watched = task
      .catch((error: unknown) => {
        if (this.#signal.aborted) return;
        this.#deps.log.error("a part of the engine broke", {
          reason: messageOf(error),
          code: (error as { code?: unknown }).code,
        });
      })
      .finally(() => void this.#tasks.delete(watched));
    this.#tasks.add(watched);
  }
}

function coordinated(deps: EngineDeps): Pick<LoopDeps, "locks" | "memo"> {
  const { coordination, clock, random, log } = deps;
  if (coordination === undefined) return {};
  const { locks, memo, resources, configMap } = coordination;
  const limits = new LimitBook({
    clock,
    log,
    ...(deps.config?.places === undefined ? {} : { places: deps.config.places }),
    ...(resources === undefined ? {} : { resources }),
    ...(configMap === undefined ? {} : { lookup: configMap }),
  });
  return { locks: new LockManager({ locks, limits, clock, random, log }), memo };
}
