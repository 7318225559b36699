// Runs that come to this engine: claimed, and their steps adopted. Invariants: `takeover.ts`.
import type { StepRequest } from "../executor/request.ts";
import type { RunActor } from "../loop/actor.ts";
import type { LoopDeps } from "../loop/deps.ts";
import { stopAll } from "../run/control/shutdown.ts";
import { stopDaemonsAgain } from "../run/daemons/scope.ts";
import type { Run } from "../run/state/run.ts";
import { persisting } from "./persisting.ts";

/** Claims under way at once: each is one append, which the bus answers in its own time. */
const maxClaims = 128;

/**
 * Claims; gives those that are ours. `over`: from whoever has them. Where leases say whose a run is, one that has no step
 * under way needs no claim: nothing is done for it before its next record, whose mark is the claim. One that nobody has begun
 * is begun by the claim.
 */
export async function claimed(
  deps: LoopDeps,
  actors: readonly RunActor[],
  over: boolean,
  signal: AbortSignal,
): Promise<{ readonly mine: readonly RunActor[]; readonly others: readonly RunActor[] }> {
  const mine: RunActor[] = [];
  const others: RunActor[] = [];
  const waiting = actors.values();
  const claim = async () => {
    for (const actor of waiting) {
      const isLazy = over && deps.shards.isShared && isWaiting(actor.run);
      // Of a run that is over only its putting away is left; but the seal that a dead engine sent may be still on its way.
      const isOver = actor.run.stage === "done" && (actor.run.sealed || deps.shards.isShared || !over);
      const isMine = isOver || isLazy || (await actor.claim(over, signal));
      (isMine ? mine : others).push(actor);
    }
  };
  await Promise.all(Array.from({ length: Math.min(maxClaims, actors.length) }, claim));
  return { mine, others };
}

/** Whether nothing is to be done for the run before its next record: it has begun, and waits for a person or for time. */
const isWaiting = ({ phase, steps, asks, saves }: Run): boolean =>
  phase === "Running" && steps.size + asks.size + saves.size === 0;

export interface Adoption {
  /** The runs of which anything that is not among these steps goes (T2). */
  readonly owns: (runUid: string) => boolean;
  readonly signal: AbortSignal;
}

/** T1. */
export async function adoptSteps(
  deps: LoopDeps,
  actors: readonly RunActor[],
  { owns, signal }: Adoption,
): Promise<void> {
  await deps.shards.freshen();
  for (const executor of deps.executors.values()) {
    const its = actors.filter((actor) => actor.executor === executor);
    const known: StepRequest[] = its.flatMap((actor) => actor.outstanding());
    const adopted = await persisting(deps, { what: `steps of '${executor.kind}'`, signal }, () =>
      executor.adopt(known, owns),
    );
    if (adopted === undefined) return;
    const { attached } = adopted;
    const ids = new Set(attached);
    for (const actor of its) begin(actor, ids);
    if (known.length > 0)
      deps.log.info("steps adopted", {
        executor: executor.kind,
        known: known.length,
        attached: ids.size,
      });
  }
}

function begin(actor: RunActor, attached: ReadonlySet<string>): void {
  const { run } = actor;
  const steps = [...run.steps.keys()];
  run.changes.start.length = 0;
  actor.attached(steps.filter((stepId) => attached.has(stepId)));
  for (const stepId of steps) {
    if (!attached.has(stepId) && actor.isElsewhere(stepId)) actor.lostElsewhere(stepId);
    else run.changes.start.push(stepId);
  }
  // Stops come before starts: a step that does not run any more is not started to be stopped.
  stopAll(run);
  stopDaemonsAgain(run);
}
