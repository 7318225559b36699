import { backoffMs, defaultBackoff, hasCode, type Mailbox, messageOf, retryOf, sleepFor } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { Executor } from "../executor/contract.ts";
import { archiveRowOf, slimmed } from "../project/archive.ts";
import { removeArtifacts } from "../project/artifact-gc.ts";
import { hasOwnClaims, keptClaimsOf } from "../project/kept-claims.ts";
import { projectWorkflow } from "../project/workflow.ts";
import type { Run } from "../run/state/run.ts";
import { stepRunOf } from "../template/request.ts";
import type { LoopDeps } from "./deps.ts";
import type { Input } from "./inputs.ts";
import type { JournalWriter } from "./journal-writer.ts";

/** A submission may have looked at the archive so long ago: before that the journal must still hold the name. */
const purgeDelayMs = 6_000;

export interface RunEnd {
  readonly run: Run;
  readonly journal: JournalWriter;
  readonly executor: Executor | undefined;
  /** What still comes to the run: it may be deleted before it is put away. */
  readonly inbox: Mailbox<Input>;
}

/**
 * Puts a run that is over away: archive row, then its journal is sealed and goes. Each part may be repeated after a
 * crash. The name stays taken by the row. The seal is an append like any other, so a deletion is either before it in the
 * journal, and seen here, or after it, and done to the archive by who asked; there the tombstone wins over the row.
 * False when it came to no end here: another engine has the run, or the signal aborted.
 */
export async function finishRun(deps: LoopDeps, end: RunEnd, signal: AbortSignal): Promise<boolean> {
  const { run, journal, executor } = end;
  let isPutAway = false;
  const tell = tellerOf(deps, run);
  for (const stepId of run.steps.keys()) await executor?.forget(stepId).catch(() => undefined);
  const artifacts = mayHaveArtifacts(run) ? deps.artifacts : undefined;
  await persisting(deps, run, signal, async () => {
    if (!run.deleted) {
      if (!run.sealed) await release(run, { executor, artifacts });
      await archive(deps, run, journal.seq);
      tell();
      if (!run.sealed) await rest(deps, end, signal);
      if (signal.aborted) return;
    }
    if (!run.sealed) {
      const outcome = await journal.append([{ type: "sealed", at: deps.clock.now() }], signal);
      if (outcome !== "stored") return;
    }
    if (run.deleted) {
      await releaseClaims(run, executor);
      await bury(deps, run, artifacts);
    }
    await deps.journal.purge(run.key);
    isPutAway = true;
  });
  return isPutAway;
}

/** Logs the end once, when it is archived: after the rest, who reads along would see it end seconds late. */
function tellerOf({ log }: LoopDeps, { key, phase, sealed }: Run): () => void {
  let isTold = sealed;
  return () => {
    if (!isTold) log.info("workflow ended", { run: key.name, namespace: key.namespace, phase });
    isTold = true;
  };
}

/** Waits, and folds meanwhile what is asked of the run that is over; its deletion ends the wait. */
async function rest(deps: LoopDeps, { run, journal, inbox }: RunEnd, signal: AbortSignal): Promise<void> {
  const enough = new AbortController();
  let isOver = false;
  const slept = sleepFor(deps.clock, purgeDelayMs, AbortSignal.any([signal, enough.signal])).then(() => {
    isOver = true;
  });
  while (!isOver && !signal.aborted && !run.deleted) {
    await Promise.race([slept, inbox.ready()]);
    // Another engine's record is found by the seal.
    for (const input of inbox.drain())
      if (input.type === "record" && journal.take(input.record) === "folded") deps.registry.changed(run.key);
  }
  enough.abort();
}

interface Kept {
  readonly executor: Executor | undefined;
  readonly artifacts: ArtifactStore | undefined;
}

const earlierOf = (run: Run): readonly string[] | undefined => run.submitted.reuse?.earlier;

/** What a run that is over keeps no longer. */
async function release(run: Run, { executor, artifacts }: Kept): Promise<void> {
  if (artifacts !== undefined)
    await removeArtifacts(artifacts, projectWorkflow(run), { when: "completion", earlier: earlierOf(run) });
  await releaseClaims(run, executor);
}

/** What stays is in the run's row, and goes when that does (`retention/freed-claims.ts`). */
async function releaseClaims(run: Run, executor: Executor | undefined): Promise<void> {
  if (!hasOwnClaims(run) || (keptClaimsOf(run) !== undefined && !run.deleted)) return;
  await executor?.forgetRun?.(stepRunOf(run));
}

async function bury(deps: LoopDeps, run: Run, artifacts: ArtifactStore | undefined): Promise<void> {
  if (artifacts !== undefined)
    await removeArtifacts(artifacts, projectWorkflow(run), { when: "deletion", earlier: earlierOf(run) });
  await deps.archive.bury(run.key, run.uid);
  await deps.logs.purge(run.key);
}

/** Most runs have no artifacts: they ask nothing of the repository. */
function mayHaveArtifacts(run: Run): boolean {
  for (const node of run.nodes.values()) if (node.outputs?.artifacts !== undefined) return true;
  // A step that never told its end may have saved some.
  return [...run.templates.values()].some((t) => (t.outputs?.artifacts ?? []).length > 0);
}

async function archive(deps: LoopDeps, run: Run, seq: number): Promise<void> {
  const row = await archiveRowOf(run, seq, deps.packing);
  try {
    await deps.archive.put(row);
  } catch (error) {
    if (!hasCode(error, "BUS_MESSAGE_TOO_LARGE")) throw error;
    deps.log.warn("a finished workflow is archived without its nodes' inputs and outputs: it is too large", {
      run: run.key.name,
    });
    await deps.archive.put(await slimmed(run, { seq, row, packing: deps.packing }));
  }
}

async function persisting(
  deps: LoopDeps,
  run: Run,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  for (let attempt = 1; !signal.aborted; attempt++) {
    try {
      await work();
      return;
    } catch (error) {
      if (retryOf(error) !== "later") throw error;
      deps.log.warn("a finished workflow cannot be archived, trying again", {
        run: run.key.name,
        attempt,
        reason: messageOf(error),
      });
      await sleepFor(deps.clock, backoffMs(defaultBackoff, attempt, deps.random.next()), signal);
    }
  }
}
