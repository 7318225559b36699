// Executors' events, to the actors of their runs. Invariants (E): `engine.ts`.
// Owns:      the uids of runs that ended here lately.     Talks to: executors, the roster, the log writer.
import { type Executor, runUidOf } from "../../executor/contract.ts";
import { isStepEnd, type StepEnd, type StepEvent } from "../../executor/events.ts";
import type { RunActor } from "../actor.ts";
import type { LoopDeps } from "../deps.ts";
import type { Roster } from "../roster.ts";

interface StepEventsHost {
  readonly roster: Roster;
  spawn(task: Promise<void>): void;
}

const maxPutAway = 10_000;

export class StepEvents {
  readonly #deps: LoopDeps;
  readonly #host: StepEventsHost;
  /** Uids of runs that ended here lately: what their steps still report is cleared away. */
  readonly #putAway = new Set<string>();

  constructor(deps: LoopDeps, host: StepEventsHost) {
    this.#deps = deps;
    this.#host = host;
  }

  /** This process has brought the run to its end. */
  putAway(runUid: string): void {
    this.#putAway.add(runUid);
    const oldest = this.#putAway.values().next().value;
    if (this.#putAway.size > maxPutAway && oldest !== undefined) this.#putAway.delete(oldest);
  }

  /** Hands on what the executor of this name tells, until the signal aborts. */
  async listen(name: string, executor: Executor, signal: AbortSignal): Promise<void> {
    for await (const event of executor.events(signal)) await this.#hear(name, executor, event);
  }

  /** Apart from the loop: one that waits for the next event would keep the actor of the last one. */
  async #hear(name: string, executor: Executor, event: StepEvent): Promise<void> {
    const actor = this.#host.roster.ofUid(runUidOf(event.stepId));
    if (actor !== undefined) await this.#tell(actor, executor, event);
    else if (isStepEnd(event)) await this.#clear(name, executor, event);
  }

  /** Only what this process has put away: a step of a run that another engine has is that engine's (E3). */
  async #clear(name: string, executor: Executor, { stepId }: StepEnd): Promise<void> {
    if (!this.#putAway.has(runUidOf(stepId))) return;
    this.#deps.log.debug("a step ended after its run", { executor: name, step: stepId });
    await forget(executor, stepId);
  }

  async #tell(actor: RunActor, executor: Executor, event: StepEvent): Promise<void> {
    const { run } = actor;
    if (event.type === "output") {
      const node = run.steps.get(event.stepId)?.step?.request.node;
      if (node !== undefined)
        await this.#deps.logWriter.add(event.stepId, { key: run.key, node }, event.lines);
    } else if (event.type === "pending" || event.type === "started" || event.type === "progress")
      actor.progress(event);
    else if (event.type === "ready") actor.ready(event);
    else if (run.stage === "done") await forget(executor, event.stepId);
    // E2.
    else this.#host.spawn(this.#deps.logWriter.flushed(event.stepId).then(() => actor.end(event)));
  }
}

/** What an executor cannot forget now, it finds among nobody's steps at its next start. */
const forget = (executor: Executor, stepId: string): Promise<void> =>
  executor.forget(stepId).catch(() => undefined);
