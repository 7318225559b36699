// Runs that come to this engine: read, claimed, their steps adopted, then alive.
// Owns:      the names of the runs that others have, the batch under way.   Talks to: Journal, executors, the roster.
// Invariants
//   T1. What an executor should keep is told to it before anything is started for these runs.
//   T2. Of a run that is not among these, nothing is cleared away unless it is surely over: one whose journal is still to
//       be read, or read anew, has steps that only look like nobody's. Cleared away, they would be started a second time.
//       So only of shards that were ours when the names of all runs were asked for, and without a break since.
//       Clearing away needs a fresh lease like starting does: it may have been another's, and running, since we were frozen.
//   T3. While the bus or an executor is away this is tried again: what was to be taken over is never let fall.
//   T4. Runs that come to us are taken over one batch after another, and new runs only after the batch under way: an
//       executor never takes a new run's step for one of nobody.
//   T5. A run that is not put away is always with an actor, on its way to one, or among the others' names: whatever ends
//       its actor before, the next gain of its shard finds it.
//   T6. A journal counts as read only where its run has been ours since before the reading began: what another engine wrote
//       while it had the run comes to the follower later, and its steps would look like nobody's (T2).
import type { JournalRecord, RunKey } from "@sluice/bus";
import type { Fact } from "../facts.ts";
import type { RunActor } from "../loop/actor.ts";
import type { LoopDeps } from "../loop/deps.ts";
import type { Roster } from "../loop/roster.ts";
import { idOf } from "../run/state/run.ts";
import { adoptSteps, claimed } from "./adoption.ts";
import { type Folded, loadRuns, logBroken } from "./fold.ts";
import { persisting } from "./persisting.ts";
import { RunIndex } from "./run-index.ts";

export interface TakeoverHost {
  readonly roster: Roster;
  /** A record that came while its run's journal was read. */
  record(record: JournalRecord<Fact>): void;
  /** The run is ours, and its steps are known to its executor: it goes on. */
  live(actor: RunActor): void;
  spawn(task: Promise<void>): void;
}

export class Takeover {
  /** Runs that other engines have. */
  readonly others = new RunIndex();
  readonly #deps: LoopDeps;
  readonly #host: TakeoverHost;
  readonly #signal: AbortSignal;
  /** What the follower saw of runs whose journals are being read. */
  readonly #loading = new Map<string, JournalRecord<Fact>[]>();
  #taking: Promise<void> = Promise.resolve();

  constructor(deps: LoopDeps, host: TakeoverHost, signal: AbortSignal) {
    this.#deps = deps;
    this.#host = host;
    this.#signal = signal;
  }

  /** Resolves when no batch is under way. */
  get settled(): Promise<void> {
    return this.#taking;
  }

  /** Keeps a record of a run whose journal is being read until that is done; false for any other. */
  keep(record: JournalRecord<Fact>): boolean {
    const records = this.#loading.get(idOf(record.key));
    records?.push(record);
    return records !== undefined;
  }

  /**
   * Takes over the runs that were read, and those of our shards that others had; one batch after another (T4).
   * `isSince`: whether a run has been ours since before these were read (T6).
   */
  take(read: readonly Folded[], isSince: (runUid: string) => boolean = () => false): Promise<void> {
    const done = this.#taking.then(() => {
      const [current, old] = split(read, ({ run }) => isSince(run.uid));
      for (const { run } of old) this.others.add(idOf(run.key), run);
      return this.#takeOver(current);
    });
    this.#taking = done.catch(() => undefined);
    return done;
  }

  /** A new run goes on after the batch under way (T4). */
  begin(actor: RunActor): Promise<void> {
    return this.#taking.then(() => this.#begin(actor));
  }

  /** T5: an actor that ended before its run did knows less than the journal, or may not go on. */
  readAnew({ run, isStale, isPutAway }: RunActor): void {
    const { shards } = this.#deps;
    const id = idOf(run.key);
    if (isPutAway || this.#signal.aborted || !(isStale || shards.isShared)) return;
    if (this.#host.roster.has(id) || this.#loading.has(id)) return;
    this.others.add(id, run);
    if (shards.holds(run.uid)) this.#host.spawn(this.take([]));
  }

  async #takeOver(read: readonly Folded[]): Promise<void> {
    const { shards, clock } = this.#deps;
    const { roster } = this.#host;
    const startedAt = clock.monotonic();
    const isSince = shards.tenure();
    const keys = this.others.take((runUid) => shards.holds(runUid));
    for (const key of keys) this.#loading.set(idOf(key), []);
    const loaded = await this.#load(keys);
    const strangers = await this.#strangers(new Set([...read, ...loaded].map(({ run }) => idOf(run.key))));
    if (this.#signal.aborted) return;
    const actors: RunActor[] = [];
    for (const folded of [...read, ...loaded]) {
      // The shard may have gone while its journals were read (T5), and have come back (T6).
      if (isSince(folded.run.uid)) actors.push(roster.add(folded));
      else this.others.add(idOf(folded.run.key), folded.run);
    }
    this.#replay(keys);
    const mine = await this.#claim(actors, true);
    const settled = new Set(mine.map(({ run }) => run.uid));
    const waiting = this.others.uids();
    // T2.
    const owns = (runUid: string) =>
      isSince(runUid) &&
      shards.isFresh(runUid) &&
      (settled.has(runUid) || !(waiting.has(runUid) || strangers.has(runUid) || roster.hasUid(runUid)));
    await adoptSteps(this.#deps, mine, { owns, signal: this.#signal });
    for (const actor of mine) this.#host.live(actor);
    if (actors.length > 0)
      this.#deps.log.info("runs taken over", {
        runs: mine.length,
        durationMs: Math.round(clock.monotonic() - startedAt),
      });
  }

  /** The journals are read: what came meanwhile has its actor now, or is another's. */
  #replay(keys: readonly RunKey[]): void {
    for (const key of keys) {
      const records = this.#loading.get(idOf(key));
      this.#loading.delete(idOf(key));
      for (const record of records ?? []) this.#host.record(record);
    }
  }

  async #load(keys: readonly RunKey[]): Promise<readonly Folded[]> {
    const { journal, config, log } = this.#deps;
    const signal = this.#signal;
    const broken = (key: RunKey, seq: number, error: unknown) => logBroken(log, { key, seq }, error);
    const options = { limits: config?.limits, broken, signal };
    return (
      (await persisting(this.#deps, { what: "journals", signal }, () => loadRuns(journal, keys, options))) ??
      []
    );
  }

  /**
   * Uids of runs whose beginning the follower has not shown yet: leases and journals come on two ways, so a shard may be
   * ours before we know all its runs. They begin when the follower shows them. `taken`: names that this batch has read.
   */
  async #strangers(taken: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    if (!this.#deps.shards.isShared) return new Set();
    const { journal } = this.#deps;
    const { roster } = this.#host;
    const signal = this.#signal;
    const keys = (await persisting(this.#deps, { what: "names", signal }, () => journal.keys())) ?? [];
    const isKnown = (id: string) =>
      taken.has(id) || roster.has(id) || this.others.has(id) || this.#loading.has(id);
    const unknown = keys.filter((key) => !isKnown(idOf(key)));
    return new Set((await this.#load(unknown)).map(({ run }) => run.uid));
  }

  async #begin(actor: RunActor): Promise<void> {
    // Its shard went while the batch before it was under way (T5).
    if (this.#host.roster.get(idOf(actor.run.key)) !== actor) return;
    const mine = await this.#claim([actor], false);
    // The engine that had the shard until now may have begun it.
    if (this.#deps.shards.isShared && actor.run.steps.size > 0)
      await adoptSteps(this.#deps, mine, { owns: () => false, signal: this.#signal });
    for (const its of mine) this.#host.live(its);
  }

  /** `over`: the runs of an engine's start or of a gained shard, which are taken over from whoever has them. */
  async #claim(actors: readonly RunActor[], over: boolean): Promise<readonly RunActor[]> {
    const { mine, others } = await claimed(this.#deps, actors, over, this.#signal);
    for (const actor of others) {
      this.#host.roster.drop(actor);
      this.readAnew(actor);
    }
    return mine;
  }
}

function split<T>(all: readonly T[], test: (one: T) => boolean): readonly [readonly T[], readonly T[]] {
  return [all.filter(test), all.filter((one) => !test(one))];
}
