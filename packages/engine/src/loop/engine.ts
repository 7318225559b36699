// The engine of one process: follows RUNS, one actor a run, executors' events to their actors.
// Owns:      the actors, the slots, the log writer.    Ends: when its signal aborts; running steps are left running.
// Invariants
//   E1. Executors' events are read only after the unfinished runs were claimed and their steps adopted, so that every
//       event finds its run.
//   E2. A step's end reaches its actor after its output lines are stored.
//   E3. Nothing is forgotten at an executor for a run that this process did not bring to its end.
//   E4. Where nobody shares the runs, one of which another engine's record is seen has no actor here any more.
//   E5. Where engines share the runs, there are actors only for runs of our own shards; of the others only names are kept.
//   E6. Runs that come to us are taken over one batch after another, and new runs only after the batch under way: an
//       executor never takes a new run's step for one of nobody.
//   E7. A run that is not put away is always with an actor, on its way to one, or among the others' names: whatever ends
//       its actor before, the next gain of its shard finds it.
import { messageOf } from "@sluice/base";
import type { JournalRecord, RunKey } from "@sluice/bus";
import { type Executor, runUidOf, type StepEvent } from "../executor/contract.ts";
import type { Fact } from "../facts.ts";
import { LimitBook } from "../locks/limit-book.ts";
import { LockManager } from "../locks/lock-manager.ts";
import { sweepLocks } from "../locks/sweeper.ts";
import { engineMetrics } from "../metrics/collect.ts";
import { type Folded, foldRecord, loadRuns } from "../recovery/fold.ts";
import { RunIndex } from "../recovery/run-index.ts";
import { adoptSteps, claimed, persisting } from "../recovery/takeover.ts";
import { resumeAsks } from "../run/gates/books.ts";
import { ShardKeeper } from "../shards/keeper.ts";
import { type Shards, unshared } from "../shards/port.ts";
import { RunActor } from "./actor.ts";
import { type EngineDeps, executorAnnotation, type LoopDeps } from "./deps.ts";
import { engineOf } from "./journal-writer.ts";
import { LogWriter } from "./log-writer.ts";
import { StepSlots } from "./slots.ts";

/** Advances every run of the journal that is its own until the signal aborts. Errors: only what cannot be mended by trying again. */
export async function runEngine(deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const engine = new Engine(deps, signal);
  await engine.follow();
}

class Engine {
  readonly #deps: LoopDeps;
  readonly #signal: AbortSignal;
  readonly #keeper: ShardKeeper | undefined;
  readonly #actors = new Map<string, RunActor>();
  readonly #byUid = new Map<string, RunActor>();
  readonly #lives = new Map<RunActor, Promise<void>>();
  /** Runs read so far, until all that was stored is read. */
  readonly #folded = new Map<string, Folded>();
  readonly #others = new RunIndex();
  /** What the follower saw of runs whose journals are being read. */
  readonly #loading = new Map<string, JournalRecord<Fact>[]>();
  readonly #tasks = new Set<Promise<void>>();
  /** Uids of runs that ended here lately: what their steps still report is cleared away. */
  readonly #putAway = new Set<string>();
  #taking: Promise<void> = Promise.resolve();
  #recovered = false;

  constructor({ shards, ...deps }: EngineDeps, signal: AbortSignal) {
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
  }

  #makeKeeper(deps: EngineDeps & Required<Pick<EngineDeps, "shards">>, self: string): ShardKeeper {
    const site = deps.executors.get(deps.defaultExecutor)?.site;
    const { clock, random, log } = deps;
    const events = {
      gained: () => this.#gained(),
      lost: (shards: readonly number[]) => this.#lost(new Set(shards)),
      release: (shard: number, isSameSite: boolean) => this.#release(shard, isSameSite),
    };
    const isBusy = () => this.#actors.size > 0;
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
    if (locks !== undefined) this.#spawn(locks.follow(this.#signal));
    try {
      if (this.#keeper !== undefined) {
        this.#spawn(this.#keeper.run());
        await this.#keeper.ready;
      }
      for await (const item of this.#deps.journal.follow(this.#signal, { start: "all" })) {
        if (item.type === "record") this.#record(item.record);
        else if (!this.#recovered) await this.#recover();
      }
    } finally {
      uncollect?.();
      await Promise.allSettled(this.#tasks);
      await this.#keeper?.leave();
    }
  }

  #record(record: JournalRecord<Fact>): void {
    const id = idOf(record.key);
    const actor = this.#actors.get(id);
    const [first] = record.facts;
    // A name that is free again: the run that had it is put away, and only not yet dropped.
    if (actor !== undefined && first?.type === "submitted" && first.uid !== actor.run.uid) this.#drop(actor);
    else if (actor !== undefined) {
      const engine = engineOf(record);
      const isForeign = engine !== undefined && engine !== this.#deps.engine && record.seq > actor.seq;
      if (isForeign && !this.#deps.shards.isShared) this.#letGo(actor);
      else actor.record(record);
      return;
    }
    const loading = this.#loading.get(id);
    if (loading !== undefined) {
      loading.push(record);
      return;
    }
    if (this.#isOthers(id, record)) return;
    const folded = this.#fold(id, record);
    if (folded === undefined || !this.#recovered) return;
    this.#folded.delete(id);
    // Another engine's run: it was there before this record, or it is claimed by now.
    if (first?.type !== "submitted" || record.checkpoint !== undefined) return;
    const fresh = this.#actorOf(folded);
    this.#spawn(this.#taking.then(() => this.#begin(fresh)));
  }

  /** E5. */
  #isOthers(id: string, { key, facts }: JournalRecord<Fact>): boolean {
    if (!this.#deps.shards.isShared) return false;
    const [first] = facts;
    const uid = first?.type === "submitted" ? first.uid : this.#folded.get(id)?.run.uid;
    if (uid !== undefined && !this.#deps.shards.holds(uid)) {
      this.#others.add(id, { key, uid });
      this.#folded.delete(id);
    }
    if (facts.some((fact) => fact.type === "sealed")) this.#others.sealed(id);
    return this.#others.has(id);
  }

  /** A record that cannot be read costs its run, not the others. */
  #fold(id: string, record: JournalRecord<Fact>): Folded | undefined {
    try {
      const folded = foldRecord(this.#folded.get(id), record, this.#deps.config?.limits);
      if (folded !== undefined) this.#folded.set(id, folded);
      return folded;
    } catch (error) {
      this.#broken(record.key, record.seq, error);
      this.#folded.delete(id);
      return undefined;
    }
  }

  #broken(key: RunKey, seq: number, error: unknown): void {
    this.#deps.log.error("a journal record cannot be folded", {
      run: idOf(key),
      seq,
      reason: messageOf(error),
    });
  }

  /** All that was stored is read: take every run of ours, adopt its steps, and only then listen to executors (E1). */
  async #recover(): Promise<void> {
    const folded = [...this.#folded.values()];
    this.#folded.clear();
    this.#recovered = true;
    this.#deps.onRecovered?.();
    const read = folded.filter(({ run }) => this.#deps.shards.holds(run.uid));
    for (const { run } of folded) if (!this.#deps.shards.holds(run.uid)) this.#others.add(idOf(run.key), run);
    await this.#inTurn(() => this.#takeOver(read));
    if (this.#signal.aborted) return;
    for (const [name, executor] of this.#deps.executors) this.#spawn(this.#listen(name, executor));
    const { locks } = this.#deps;
    if (locks !== undefined) this.#spawn(sweepLocks(this.#deps, locks, this.#signal));
  }

  /** One batch after another (E6). */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#taking.then(work);
    this.#taking = done.catch(() => undefined);
    return done;
  }

  /** Shards are ours now; before all is read, `#recover` takes their runs. */
  #gained(): void {
    if (this.#recovered) this.#spawn(this.#inTurn(() => this.#takeOver([])));
  }

  /** The runs that were read, and those of our shards that others had. */
  async #takeOver(read: readonly Folded[]): Promise<void> {
    const { shards, clock } = this.#deps;
    const startedAt = clock.monotonic();
    const isSince = shards.tenure();
    const keys = this.#others.take((runUid) => shards.holds(runUid));
    for (const key of keys) this.#loading.set(idOf(key), []);
    const loaded = await this.#load(keys);
    const strangers = await this.#strangers();
    if (this.#signal.aborted) return;
    const actors: RunActor[] = [];
    for (const folded of [...read, ...loaded]) {
      // The shard may have gone while its journals were read (E7).
      if (shards.holds(folded.run.uid)) actors.push(this.#actorOf(folded));
      else this.#others.add(idOf(folded.run.key), folded.run);
    }
    for (const key of keys) {
      const records = this.#loading.get(idOf(key));
      this.#loading.delete(idOf(key));
      for (const record of records ?? []) this.#record(record);
    }
    const mine = await this.#claim(actors, true);
    const settled = new Set(mine.map(({ run }) => run.uid));
    const waiting = this.#others.uids();
    // T2.
    const owns = (runUid: string) =>
      isSince(runUid) &&
      shards.isFresh(runUid) &&
      (settled.has(runUid) || !(waiting.has(runUid) || strangers.has(runUid) || this.#byUid.has(runUid)));
    await adoptSteps(this.#deps, mine, { owns, signal: this.#signal });
    for (const actor of mine) this.#live(actor);
    if (actors.length > 0)
      this.#deps.log.info("runs taken over", {
        runs: mine.length,
        durationMs: Math.round(clock.monotonic() - startedAt),
      });
  }

  async #load(keys: readonly RunKey[]): Promise<readonly Folded[]> {
    const { journal, config } = this.#deps;
    const signal = this.#signal;
    const broken = (key: RunKey, seq: number, error: unknown) => this.#broken(key, seq, error);
    const options = { limits: config?.limits, broken, signal };
    return (
      (await persisting(this.#deps, { what: "journals", signal }, () => loadRuns(journal, keys, options))) ??
      []
    );
  }

  /**
   * Uids of runs whose beginning the follower has not shown yet: leases and journals come on two ways, so a shard may be
   * ours before we know all its runs. They begin when the follower shows them.
   */
  async #strangers(): Promise<ReadonlySet<string>> {
    if (!this.#deps.shards.isShared) return new Set();
    const { journal } = this.#deps;
    const signal = this.#signal;
    const keys = (await persisting(this.#deps, { what: "names", signal }, () => journal.keys())) ?? [];
    const isKnown = (id: string) => this.#actors.has(id) || this.#others.has(id) || this.#loading.has(id);
    const unknown = keys.filter((key) => !isKnown(idOf(key)));
    return new Set((await this.#load(unknown)).map(({ run }) => run.uid));
  }

  #actorOf(folded: Folded): RunActor {
    const { run } = folded;
    const name = run.annotations[executorAnnotation] ?? this.#deps.defaultExecutor;
    const actor = new RunActor(this.#deps, folded, this.#deps.executors.get(name));
    // What it did before is known by its steps; decided effects of the past are not news.
    run.changes.stop.length = 0;
    run.isMeasured = this.#deps.metrics !== undefined && run.stage !== "done";
    resumeAsks(run);
    this.#actors.set(idOf(run.key), actor);
    this.#byUid.set(run.uid, actor);
    this.#deps.registry.set(actor);
    return actor;
  }

  async #begin(actor: RunActor): Promise<void> {
    const mine = await this.#claim([actor], false);
    // The engine that had the shard until now may have begun it.
    if (this.#deps.shards.isShared && actor.run.steps.size > 0)
      await adoptSteps(this.#deps, mine, { owns: () => false, signal: this.#signal });
    for (const its of mine) this.#live(its);
  }

  /** `over`: the runs of an engine's start or of a gained shard, which are taken over from whoever has them. */
  async #claim(actors: readonly RunActor[], over: boolean): Promise<readonly RunActor[]> {
    const { mine, others } = await claimed(this.#deps, actors, over, this.#signal);
    for (const actor of others) {
      this.#drop(actor);
      this.#readAnew(actor);
    }
    return mine;
  }

  #live(actor: RunActor): void {
    // Its shard was lost while it was claimed.
    if (this.#actors.get(idOf(actor.run.key)) !== actor) {
      this.#detach(actor);
      return;
    }
    const life = this.#liveOut(actor).finally(() => this.#lives.delete(actor));
    this.#lives.set(actor, life);
    this.#spawn(life);
  }

  async #liveOut(actor: RunActor): Promise<void> {
    try {
      await actor.live(this.#signal);
      if (actor.run.stage === "done" && this.#deps.shards.holds(actor.run.uid)) this.#remember(actor.run.uid);
    } finally {
      this.#drop(actor);
      this.#readAnew(actor);
    }
  }

  /** E7: an actor that ended before its run did knows less than the journal, or may not go on. */
  #readAnew({ run, isStale, isPutAway }: RunActor): void {
    const { shards } = this.#deps;
    const id = idOf(run.key);
    if (isPutAway || this.#signal.aborted || !(isStale || shards.isShared)) return;
    if (this.#actors.has(id) || this.#loading.has(id)) return;
    this.#others.add(id, run);
    if (shards.holds(run.uid)) this.#spawn(this.#inTurn(() => this.#takeOver([])));
  }

  #remember(uid: string): void {
    this.#putAway.add(uid);
    const oldest = this.#putAway.values().next().value;
    if (this.#putAway.size > maxPutAway && oldest !== undefined) this.#putAway.delete(oldest);
  }

  #drop(actor: RunActor): void {
    const { run } = actor;
    const id = idOf(run.key);
    if (this.#actors.get(id) !== actor) return;
    this.#actors.delete(id);
    if (this.#byUid.get(run.uid) === actor) this.#byUid.delete(run.uid);
    for (const stepId of run.steps.keys()) {
      this.#deps.logWriter.close(stepId);
      this.#deps.slots.release(stepId);
    }
    this.#deps.registry.remove(run.key);
    this.#detach(actor);
  }

  /** Its steps are another engine's. */
  #detach({ run, executor }: RunActor): void {
    if (this.#signal.aborted || run.stage === "done" || run.steps.size === 0) return;
    this.#spawn(executor?.detach([...run.steps.keys()]) ?? Promise.resolve());
  }

  #letGo(actor: RunActor): void {
    this.#deps.log.warn("another engine has taken this run", { run: actor.run.key.name });
    actor.letGo();
    this.#drop(actor);
  }

  #ofShards(shards: ReadonlySet<number>): readonly RunActor[] {
    return [...this.#actors.values()].filter((actor) =>
      shards.has(this.#keeper?.shardOf(actor.run.uid) ?? -1),
    );
  }

  /** Others have these shards already: nothing more is done for their runs (A4). */
  #lost(shards: ReadonlySet<number>): void {
    for (const actor of this.#ofShards(shards)) this.#give(actor);
  }

  /** A live engine should have this shard: its runs stop here between two appends, and their steps run on. */
  async #release(shard: number, isSameSite: boolean): Promise<boolean> {
    if (!this.#recovered) return false;
    await this.#taking;
    const actors = this.#ofShards(new Set([shard]));
    if (!isSameSite && actors.some((actor) => actor.isBound)) return false;
    const lives = actors.map((actor) => this.#lives.get(actor));
    for (const actor of actors) this.#give(actor);
    await Promise.allSettled(lives);
    return true;
  }

  #give(actor: RunActor): void {
    actor.letGo();
    this.#drop(actor);
    this.#others.add(idOf(actor.run.key), actor.run);
  }

  async #listen(name: string, executor: Executor): Promise<void> {
    for await (const event of executor.events(this.#signal)) await this.#hear(name, executor, event);
  }

  async #hear(name: string, executor: Executor, event: StepEvent): Promise<void> {
    const uid = runUidOf(event.stepId);
    const actor = this.#byUid.get(uid);
    if (actor === undefined) {
      if (!isEnd(event)) return;
      // Only what this process has put away: a step of a run that another engine has is that engine's (E3).
      if (!this.#putAway.has(uid)) return;
      this.#deps.log.debug("a step ended after its run", { executor: name, step: event.stepId });
      await executor.forget(event.stepId).catch(() => undefined);
      return;
    }
    if (event.type === "output") {
      const unit = actor.run.steps.get(event.stepId);
      const node = unit?.step?.request.node;
      if (node !== undefined)
        await this.#deps.logWriter.add(event.stepId, { key: actor.run.key, node }, event.lines);
    } else if (event.type === "pending" || event.type === "started") actor.progress(event);
    else if (event.type === "ready") actor.ready(event);
    else if (actor.run.stage === "done") await executor.forget(event.stepId).catch(() => undefined);
    else this.#spawn(this.#deps.logWriter.flushed(event.stepId).then(() => actor.end(event)));
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

const isEnd = ({ type }: StepEvent): boolean => type === "finished" || type === "lost" || type === "refused";

const maxPutAway = 10_000;
const idOf = (key: { readonly namespace: string; readonly name: string }): string =>
  `${key.namespace}/${key.name}`;

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
