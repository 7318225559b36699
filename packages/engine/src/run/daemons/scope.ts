// The end of what has daemons: a steps or dag template, or the run. It knows how it ends, tells its daemons to end, and
// ends when they have (D2).
import { endUnit } from "../call.ts";
import { isUnforgiven } from "../kinds/steps.ts";
import { endRun } from "../lifecycle.ts";
import type { Boundary, Call, DagFrame, StepsFrame, Unit } from "../state/frames.ts";
import { isBad, type Node, type RunPhase } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { endNode } from "../state/tree.ts";
import { endRestart, returnSlot } from "./daemon.ts";

/** What a call's daemons belong to. */
export const scopeOf = (run: Run, { boundary }: Call): Boundary | Run => boundary ?? run;

/** Ends a composite template, after its daemons. */
export function closeBoundary(
  run: Run,
  frame: StepsFrame | DagFrame,
  end: NonNullable<Boundary["closing"]>,
): void {
  if (frame.daemons.size === 0) {
    endUnit(run, frame.unit, end);
    return;
  }
  if (frame.closing !== undefined) return;
  frame.closing = end;
  for (const call of [...frame.daemons]) stopDaemon(run, call);
}

/** Ends a template that closes, when nothing of it is left. */
export function finishClosing(run: Run, frame: StepsFrame | DagFrame): void {
  if (frame.closing !== undefined && frame.daemons.size === 0 && frame.open === 0)
    endUnit(run, frame.unit, frame.closing);
}

/** Ends the run, after the daemons that are in no template. */
export function closeRun(run: Run, phase: RunPhase, message?: string): void {
  run.closing ??= { phase, message };
  for (const call of [...run.daemons]) stopDaemon(run, call);
  finishClosingRun(run);
}

function finishClosingRun(run: Run): void {
  if (run.closing === undefined || run.daemons.size > 0 || run.stage === "done") return;
  endRun(run, run.closing.phase, run.closing.message);
}

/** Tells a daemon to end with its scope. One that only waits to be tried again has ended with that. */
export function stopDaemon(run: Run, call: Call): void {
  const { daemon, retry, node } = call;
  if (daemon === undefined || daemon.state === "stopping" || node === undefined) return;
  endRestart(run, call);
  daemon.state = "stopping";
  const stepId = (retry?.attempts.at(-1) ?? node).stepId;
  if (stepId !== undefined && run.steps.has(stepId)) {
    run.changes.stop.push({ stepId, how: "term" });
    return;
  }
  // Its end is on its way already.
  if (retry === undefined || retry.node.phase !== "Running") return;
  dropHeld(run, call);
  delete retry.node.daemoned;
  endNode(run, retry.node, "Succeeded");
  run.settled.push({ kind: "call", call });
}

/** An attempt that was held back is not made. */
function dropHeld(run: Run, call: Call): void {
  const isOther = (unit: Unit): boolean => {
    if (unit.call !== call) return true;
    returnSlot(run, unit);
    return false;
  };
  run.held = run.held.filter(isOther);
}

/** After a restart: daemons whose scope was over are told to end once more. */
export function stopDaemonsAgain(run: Run): void {
  for (const [stepId, { call }] of run.steps)
    if (call.daemon?.state === "stopping") run.changes.stop.push({ stepId, how: "term" });
}

/** A daemon of which the owner was told is over, hooks and all. Once. */
export function daemonOver(run: Run, call: Call): void {
  const { node, boundary } = call;
  if (!scopeOf(run, call).daemons.delete(call)) return;
  if (node !== undefined && isBad(node.phase)) noteLateFailure(call, node);
  const frame = boundary?.unit.frame;
  if (frame === undefined) finishClosingRun(run);
  else run.settled.push({ kind: "boundary", frame });
}

/** It failed while others may have needed it: that of a step fails its template, that of a task counts for its branch. */
function noteLateFailure({ owner }: Call, node: Node): void {
  if (owner.kind === "group" && isUnforgiven(node, owner.step)) owner.frame.broken ??= node;
  if (owner.kind === "task" && isBad(node.phase)) owner.task.branch = node.phase;
}
