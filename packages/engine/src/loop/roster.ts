// The actors of this engine, by the names and the uids of their runs.
// Owns:      their entries in the registry; what a run that goes leaves at the slots, the log writer and its executor.
import type { Executor } from "../executor/contract.ts";
import type { Folded } from "../recovery/fold.ts";
import { resumeAsks } from "../run/gates/books.ts";
import { idOf } from "../run/state/run.ts";
import { RunActor } from "./actor.ts";
import { executorAnnotation, type LoopDeps } from "./deps.ts";

export class Roster {
  readonly #deps: LoopDeps;
  readonly #spawn: (task: Promise<void>) => void;
  readonly #signal: AbortSignal;
  readonly #actors = new Map<string, RunActor>();
  readonly #byUid = new Map<string, RunActor>();

  constructor(deps: LoopDeps, spawn: (task: Promise<void>) => void, signal: AbortSignal) {
    this.#deps = deps;
    this.#spawn = spawn;
    this.#signal = signal;
  }

  get size(): number {
    return this.#actors.size;
  }

  get(id: string): RunActor | undefined {
    return this.#actors.get(id);
  }

  has(id: string): boolean {
    return this.#actors.has(id);
  }

  ofUid(runUid: string): RunActor | undefined {
    return this.#byUid.get(runUid);
  }

  hasUid(runUid: string): boolean {
    return this.#byUid.has(runUid);
  }

  /** Those of whose runs' uids `test` holds. */
  where(test: (runUid: string) => boolean): readonly RunActor[] {
    return [...this.#actors.values()].filter((actor) => test(actor.run.uid));
  }

  /** A run has an actor here from now on; nothing is done for it before its claim. */
  add(folded: Folded): RunActor {
    const { run } = folded;
    const actor = new RunActor(this.#deps, folded, this.#executorOf(run.annotations[executorAnnotation]));
    // What it did before is known by its steps; decided effects of the past are not news.
    run.changes.stop.length = 0;
    run.isMeasured = this.#deps.metrics !== undefined && run.stage !== "done";
    resumeAsks(run);
    this.#actors.set(idOf(run.key), actor);
    this.#byUid.set(run.uid, actor);
    this.#deps.registry.set(actor);
    return actor;
  }

  #executorOf(name: string | undefined): Executor | undefined {
    return this.#deps.executors.get(name ?? this.#deps.defaultExecutor);
  }

  drop(actor: RunActor): void {
    const { run } = actor;
    const id = idOf(run.key);
    if (this.#actors.get(id) !== actor) return;
    this.#actors.delete(id);
    if (this.#byUid.get(run.uid) === actor) this.#byUid.delete(run.uid);
    actor.leave();
    for (const stepId of run.steps.keys()) this.#deps.logWriter.close(stepId);
    this.#deps.registry.remove(run.key);
    this.detach(actor);
  }

  /** Its steps are another engine's. */
  detach({ run, executor }: RunActor): void {
    if (this.#signal.aborted || run.stage === "done" || run.steps.size === 0) return;
    this.#spawn(executor?.detach([...run.steps.keys()]) ?? Promise.resolve());
  }
}
