import { endFailedFast, noteFailure, releaseSlot } from "./boundary.ts";
import { endRestart, mayGoOn, noteTold, returnSlot } from "./daemons/daemon.ts";
import { daemonOver, finishClosing } from "./daemons/scope.ts";
import { closeGate, releaseHeldGates } from "./gates/gate.ts";
import { boundaryOf, hookStateOf, phaseChanged } from "./hooks/watch.ts";
import {
  dagEnded,
  itemEnded,
  lateHookEnded as lateTaskHookEnded,
  taskEnded,
  taskReady,
} from "./kinds/dag.ts";
import { endHooked, startHook } from "./kinds/hooks.ts";
import { releaseHeld } from "./kinds/leaf.ts";
import { attemptEnded } from "./kinds/retry.ts";
import { groupEnded, isUnforgiven, lateHookEnded as lateStepHookEnded, stepEnded } from "./kinds/steps.ts";
import { exitEnded, mainEnded, runHooksEnded } from "./lifecycle.ts";
import type { Call, DagFrame, Hooked, Settled, StepsFrame, Unit } from "./state/frames.ts";
import type { Run } from "./state/run.ts";

/** Follows up all that ended, until nothing is left that can go on without the world (the fixpoint of a fact). */
export function settle(run: Run): void {
  const queue = run.settled;
  for (;;) {
    for (let next = 0; next < queue.length; next++) followUp(run, queue[next] as Settled);
    queue.length = 0;
    releaseHeldGates(run);
    releaseHeld(run);
    if (queue.length === 0) return;
  }
}

function followUp(run: Run, settled: Settled): void {
  switch (settled.kind) {
    case "unit":
      unitEnded(run, settled.unit);
      return;
    case "call":
      endRestart(run, settled.call);
      closeGate(run, settled.call);
      judgeCall(run, settled.call);
      callEnded(run, settled.call);
      return;
    case "daemon":
      daemonReady(run, settled.call);
      return;
    case "hook":
      startHook(run, settled.hook);
      return;
    case "group":
      groupEnded(run, settled.frame);
      return;
    case "task":
      taskReady(run, settled.frame, settled.task);
      return;
    case "slot":
      releaseSlot(run, settled.boundary);
      return;
    case "boundary":
      followBoundary(run, settled.frame);
      return;
  }
}

/** Something that a template may have waited for is over. */
function followBoundary(run: Run, frame: StepsFrame | DagFrame): void {
  if (frame.unit.state === "ended") return;
  if (frame.closing !== undefined) finishClosing(run, frame);
  else if (!endFailedFast(run, frame) && frame.kind === "dag") dagEnded(run, frame);
}

function unitEnded(run: Run, unit: Unit): void {
  const { call } = unit;
  if (call.retry === undefined) run.settled.push({ kind: "call", call });
  else attemptEnded(run, call.retry, unit);
  // After the call was judged: a failure with failFast must be known before the next one may go.
  returnSlot(run, unit);
}

/** A failure that nobody forgives is known before its exit handler runs: with failFast nothing more may start. */
function judgeCall(run: Run, { owner, node }: Call): void {
  if (node === undefined) return;
  if (owner.kind === "group" && isUnforgiven(node, owner.step)) noteFailure(run, owner.frame);
  if ((owner.kind === "task" || owner.kind === "task-item") && isUnforgiven(node, owner.task.task))
    noteFailure(run, owner.frame);
}

/** The call itself is over; its owner is told once its hooks are, too. */
function callEnded(run: Run, call: Call): void {
  const of = { kind: "call", call } as const;
  phaseChanged(run, of);
  if (call.exitHook === undefined && call.hookState === undefined) tellOwner(run, call);
  else if (endHooked(run, of, call.exitHook)) tellOwner(run, call);
}

/** A daemon is ready: its owner goes on as if it had ended, once hooks that it fired have. */
function daemonReady(run: Run, call: Call): void {
  if (!mayGoOn(call)) return;
  noteTold(run, call);
  inform(run, call);
}

/** A hook of `of` ended: what it belongs to may be over now. */
function hookEnded(run: Run, of: Hooked): void {
  const state = hookStateOf(run, of);
  state.open -= 1;
  if (state.told) {
    lateHookEnded(run, of);
    if (of.kind === "call" && state.over && state.open === 0) daemonOver(run, of.call);
  } else if (of.kind === "call" && !state.over && of.call.daemon !== undefined) daemonReady(run, of.call);
  else if (state.over && state.open === 0) {
    if (of.kind === "call") tellOwner(run, of.call);
    else if (of.kind === "task") {
      state.told = true;
      taskEnded(run, of.frame, of.task);
    } else runHooksEnded(run);
  }
}

function lateHookEnded(run: Run, of: Hooked): void {
  const frame = boundaryOf(of)?.unit.frame;
  if (frame?.kind === "dag") lateTaskHookEnded(run, frame);
  else if (frame !== undefined) lateStepHookEnded(run, frame);
}

/** The call, and its hooks, are over. */
function tellOwner(run: Run, call: Call): void {
  if (call.hookState !== undefined) call.hookState.told = true;
  if (call.daemon?.told !== true) inform(run, call);
  daemonOver(run, call);
}

/** The call's owner goes on. */
function inform(run: Run, call: Call): void {
  const { owner, boundary } = call;
  if (boundary !== undefined) {
    boundary.open -= 1;
    const { frame } = boundary.unit;
    if ((boundary.failedFast || boundary.closing !== undefined) && frame !== undefined)
      run.settled.push({ kind: "boundary", frame });
  }
  switch (owner.kind) {
    case "group":
      stepEnded(run, owner.frame, owner.step, call);
      return;
    case "task":
      taskEnded(run, owner.frame, owner.task);
      return;
    case "task-hook":
      hookEnded(run, { kind: "task", frame: owner.frame, task: owner.task });
      return;
    case "task-item":
      itemEnded(run, owner.frame, owner.task);
      return;
    case "hook":
      hookEnded(run, { kind: "call", call: owner.of });
      return;
    case "run-hook":
      hookEnded(run, { kind: "run" });
      return;
    case "run":
      mainEnded(run, call);
      return;
    case "run-exit":
      exitEnded(run, call);
      hookEnded(run, { kind: "run" });
      return;
  }
}
