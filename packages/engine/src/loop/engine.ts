// The engine of one process: follows RUNS, one actor a run, executors' events to their actors.
// Owns:      the actors, the slots, the log writer.    Ends: when its signal aborts; running steps are left running.
// Invariants
//   E1. Executors' events are read only after the unfinished runs were claimed and their steps adopted, so that every
//       event finds its run.
//   E2. A step's end reaches its actor after its output lines are stored.
//   E3. Nothing is forgotten at an executor for a run that this process did not bring to its end.
//   E4. A run of which another engine's record is seen has no actor here any more.
import { messageOf } from "@sluice/base";
import type { JournalRecord } from "@sluice/bus";
import type { Executor, StepEvent, StepRequest } from "../executor/contract.ts";
import type { Fact } from "../facts.ts";
import { LimitBook } from "../locks/limit-book.ts";
import { LockManager } from "../locks/lock-manager.ts";
import { sweepLocks } from "../locks/sweeper.ts";
import { engineMetrics } from "../metrics/collect.ts";
import { stopAll } from "../run/control.ts";
import { createRun } from "../run/create.ts";
import { resumeAsks } from "../run/gates/books.ts";
import { reduce } from "../run/reduce.ts";
import type { Run } from "../run/state/run.ts";
import { RunActor } from "./actor.ts";
import { type EngineDeps, executorAnnotation, type LoopDeps } from "./deps.ts";
import { LogWriter } from "./log-writer.ts";
import { StepSlots } from "./slots.ts";

/** Advances every run of the journal until the signal aborts. Errors: only what cannot be mended by trying again. */
export async function runEngine(deps: EngineDeps, signal: AbortSignal): Promise<void> {
  const engine = new Engine(deps, signal);
  await engine.follow();
}

interface Folded {
  readonly run: Run;
  seq: number;
}

class Engine {
  readonly #deps: LoopDeps;
  readonly #signal: AbortSignal;
  readonly #actors = new Map<string, RunActor>();
  /** Runs read so far, until all that was stored is read. */
  readonly #folded = new Map<string, Folded>();
  readonly #tasks = new Set<Promise<void>>();
  readonly #byUid = new Map<string, RunActor>();
  /** Uids of runs that ended here lately: what their steps still report is cleared away. */
  readonly #putAway = new Set<string>();
  #recovered = false;

  constructor(deps: EngineDeps, signal: AbortSignal) {
    this.#signal = signal;
    this.#deps = {
      ...deps,
      engine: `${deps.identity}-${deps.random.id().slice(0, 8)}`,
      slots: new StepSlots(deps.config?.maxParallelSteps ?? 64),
      logWriter: new LogWriter(deps, signal),
      ...coordinated(deps),
    };
  }

  async follow(): Promise<void> {
    const { registry, clock, slots, metrics } = this.#deps;
    const uncollect = metrics?.collect(() =>
      engineMetrics({ registry, clock, waitingSteps: () => slots.waiting }),
    );
    const { locks } = this.#deps;
    if (locks !== undefined) this.#spawn(locks.follow(this.#signal));
    try {
      for await (const item of this.#deps.journal.follow(this.#signal, { start: "all" })) {
        if (item.type === "record") this.#record(item.record);
        else if (!this.#recovered) await this.#recover();
      }
    } finally {
      uncollect?.();
      await Promise.allSettled(this.#tasks);
    }
  }

  #record(record: JournalRecord<Fact>): void {
    const id = idOf(record.key);
    const actor = this.#actors.get(id);
    const [first] = record.facts;
    // A name that is free again: the run that had it is put away, and only not yet dropped.
    if (actor !== undefined && first?.type === "submitted" && first.uid !== actor.run.uid) this.#drop(actor);
    else if (actor !== undefined) {
      if (first?.type === "engine" && first.engine !== this.#deps.engine && record.seq > actor.seq)
        this.#letGo(actor);
      else actor.record(record);
      return;
    }
    const folded = this.#fold(id, record);
    if (folded === undefined || !this.#recovered) return;
    this.#folded.delete(id);
    // Another engine's run: it was there before this record, or it is claimed by now.
    if (first?.type !== "submitted") return;
    this.#spawn(this.#adopted([this.#actorOf(folded)]));
  }

  /** A record that cannot be read costs its run, not the others. */
  #fold(id: string, record: JournalRecord<Fact>): Folded | undefined {
    try {
      return this.#folding(id, record);
    } catch (error) {
      this.#deps.log.error("a journal record cannot be folded", {
        run: id,
        seq: record.seq,
        reason: messageOf(error),
      });
      this.#folded.delete(id);
      return undefined;
    }
  }

  #folding(id: string, record: JournalRecord<Fact>): Folded | undefined {
    let folded = this.#folded.get(id);
    for (const fact of record.facts) {
      if (fact.type === "submitted") {
        folded = { run: createRun(fact, this.#deps.config?.limits), seq: record.seq };
        this.#folded.set(id, folded);
      } else if (folded !== undefined) reduce(folded.run, fact);
    }
    if (folded !== undefined) folded.seq = record.seq;
    return folded;
  }

  /** All that was stored is read: take every run, adopt its steps, and only then listen to executors (E1). */
  async #recover(): Promise<void> {
    const actors = [...this.#folded.values()].map((folded) => this.#actorOf(folded));
    this.#folded.clear();
    this.#recovered = true;
    this.#deps.onRecovered?.();
    await this.#adopted(actors, true);
    if (this.#signal.aborted) return;
    for (const [name, executor] of this.#deps.executors) this.#spawn(this.#listen(name, executor));
    const { locks } = this.#deps;
    if (locks !== undefined) this.#spawn(sweepLocks(this.#deps, locks, this.#signal));
  }

  #actorOf(folded: Folded): RunActor {
    const { run, seq } = folded;
    const name =
      run.submitted.workflow.metadata.annotations?.[executorAnnotation] ?? this.#deps.defaultExecutor;
    const actor = new RunActor(this.#deps, run, seq, this.#deps.executors.get(name));
    // What it did before is known by its steps; decided effects of the past are not news.
    run.changes.stop.length = 0;
    run.isMeasured = this.#deps.metrics !== undefined && run.stage !== "done";
    resumeAsks(run);
    this.#actors.set(idOf(run.key), actor);
    this.#deps.registry.set(actor);
    return actor;
  }

  /** `all`: the runs of an engine's start, which are taken over from whoever has them. */
  async #adopted(actors: readonly RunActor[], all = false): Promise<void> {
    const mine: RunActor[] = [];
    for (const actor of actors) {
      if (actor.run.stage === "done" || (await actor.claim(all, this.#signal))) mine.push(actor);
      else this.#drop(actor);
    }
    if (all) await this.#adopt(mine);
    for (const actor of mine) this.#spawn(this.#live(actor));
  }

  async #adopt(actors: readonly RunActor[]): Promise<void> {
    for (const executor of this.#deps.executors.values()) {
      const its = actors.filter((actor) => actor.executor === executor);
      const known: StepRequest[] = its.flatMap((actor) => actor.outstanding());
      const { attached } = await executor.adopt(known);
      const ids = new Set(attached);
      for (const actor of its) {
        const steps = [...actor.run.steps.keys()];
        actor.attached(steps.filter((stepId) => ids.has(stepId)));
        for (const stepId of steps) actor.run.changes.start.push(stepId);
        // Stops come before starts: a step that does not run any more is not started to be stopped.
        stopAll(actor.run);
      }
      if (known.length > 0)
        this.#deps.log.info("steps adopted", {
          executor: executor.kind,
          known: known.length,
          attached: ids.size,
        });
    }
  }

  async #live(actor: RunActor): Promise<void> {
    try {
      await actor.live(this.#signal);
      if (actor.run.stage === "done") this.#remember(actor.run.uid);
    } finally {
      this.#drop(actor);
    }
  }

  #remember(uid: string): void {
    this.#putAway.add(uid);
    const oldest = this.#putAway.values().next().value;
    if (this.#putAway.size > maxPutAway && oldest !== undefined) this.#putAway.delete(oldest);
  }

  #drop(actor: RunActor): void {
    for (const stepId of actor.run.steps.keys()) this.#deps.logWriter.close(stepId);
    const id = idOf(actor.run.key);
    if (this.#actors.get(id) !== actor) return;
    this.#actors.delete(id);
    this.#deps.registry.remove(actor.run.key);
  }

  #letGo(actor: RunActor): void {
    this.#deps.log.warn("another engine has taken this run", { run: actor.run.key.name });
    actor.letGo();
    this.#drop(actor);
  }

  async #listen(name: string, executor: Executor): Promise<void> {
    for await (const event of executor.events(this.#signal)) await this.#hear(name, executor, event);
  }

  async #hear(name: string, executor: Executor, event: StepEvent): Promise<void> {
    const actor = this.#ownerOf(event.stepId);
    if (actor === undefined) {
      if (event.type === "pending" || event.type === "started" || event.type === "output") return;
      // Only what this process has put away: a step of a run that another engine has is that engine's (E3).
      if (!this.#putAway.has(uidOf(event.stepId))) return;
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
    else if (actor.run.stage === "done") await executor.forget(event.stepId).catch(() => undefined);
    else this.#spawn(this.#deps.logWriter.flushed(event.stepId).then(() => actor.end(event)));
  }

  /** By the uid at the head of the step's id. */
  #ownerOf(stepId: string): RunActor | undefined {
    const uid = uidOf(stepId);
    const known = this.#byUid.get(uid);
    if (known !== undefined && this.#actors.get(idOf(known.run.key)) === known) return known;
    this.#byUid.delete(uid);
    for (const actor of this.#actors.values())
      if (actor.run.uid === uid) {
        this.#byUid.set(uid, actor);
        return actor;
      }
    return undefined;
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

const maxPutAway = 10_000;
const uidOf = (stepId: string): string => stepId.slice(0, stepId.indexOf("."));
const idOf = (key: { readonly namespace: string; readonly name: string }): string =>
  `${key.namespace}/${key.name}`;

function coordinated(deps: EngineDeps): Pick<LoopDeps, "locks" | "memo"> {
  const { coordination, clock, random, log } = deps;
  if (coordination === undefined) return {};
  const { locks, memo, resources, configMap } = coordination;
  const limits = new LimitBook({
    clock,
    log,
    ...(resources === undefined ? {} : { resources }),
    ...(configMap === undefined ? {} : { lookup: configMap }),
  });
  return { locks: new LockManager({ locks, limits, clock, random, log }), memo };
}
