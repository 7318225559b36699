// A daemon: a step that others use while it runs.
// Invariants
//   D1. Once it is ready its owner goes on, and it takes no slot or place of any parallelism, its retries neither: who
//       uses it never waits for a slot that it has. Its locks it holds to its end.
//   D2. What made it (a steps or dag template, or the run) ends only when it has ended: until then it closes (`scope.ts`).
//   D3. One that ends by itself has failed, whatever its exit code. One that is ended with its scope has succeeded,
//       whatever became of it then.
//   D4. While one that was ready is tried again, nothing new starts in its scope and below it, but exit handlers.
import type { StepFinished, StepReady } from "../../facts.ts";
import { isDaemon } from "../../template/shape.ts";
import { hookStateOf } from "../hooks/watch.ts";
import { markRunning } from "../kinds/leaf.ts";
import type { Call, Unit, UnitEnd } from "../state/frames.ts";
import { isFulfilled, type Node } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { scopeOf, stopDaemon } from "./scope.ts";

/** Its scope is over: whatever is told of it now is its good end. */
export const isStopping = ({ daemon }: Call): boolean => daemon?.state === "stopping";

/** A daemon's step may be used, or answers at another place now. */
export function markReady(run: Run, { step, ip }: StepReady): void {
  const unit = run.steps.get(step);
  if (unit?.node === undefined || !isDaemon(unit)) return;
  const { call } = unit;
  const nodes = call.retry === undefined ? [unit.node] : [unit.node, call.retry.node];
  for (const node of nodes) placeAt(node, ip);
  if (unit.isReady === true || isStopping(call)) return;
  markRunning(run, step);
  unit.isReady = true;
  for (const node of nodes) node.daemoned = true;
  giveBack(run, unit);
  if (call.daemon === undefined) {
    call.daemon = { state: "ready", told: false };
    scopeOf(run, call).daemons.add(call);
  }
  endRestart(run, call);
  run.settled.push({ kind: "daemon", call });
}

function placeAt(node: Node, ip: string | undefined): void {
  if (ip !== undefined) node.podIp = ip;
}

/** D1 */
function giveBack(run: Run, unit: Unit): void {
  const { boundary, gate } = unit.call;
  returnPlace(run, unit);
  if (boundary === undefined) return;
  if (gate !== undefined && gate.state !== "closed" && gate.isSlotReturned !== true) {
    gate.isSlotReturned = true;
    run.settled.push({ kind: "slot", boundary });
  }
  returnSlot(run, unit);
}

/** Gives back the slot of its boundary that the unit has, if it has one. */
export function returnSlot(run: Run, unit: Unit): void {
  const { boundary } = unit.call;
  if (unit.hasSlot !== true || boundary === undefined) return;
  unit.hasSlot = false;
  run.settled.push({ kind: "slot", boundary });
}

/** Gives back its place among the run's pods, if it has one. */
export function returnPlace(run: Run, unit: Unit): void {
  if (unit.hasPlace !== true) return;
  unit.hasPlace = false;
  run.activePods -= 1;
}

/** Whether its owner may go on now: hooks that it fired meanwhile are waited for, as they are for its end. */
export const mayGoOn = ({ daemon, hookState }: Call): boolean =>
  daemon?.state === "ready" && !daemon.told && (hookState?.open ?? 0) === 0;

/** Its owner goes on; hooks that it fires from now on hold its scope. */
export function noteTold(run: Run, call: Call): void {
  if (call.daemon !== undefined) call.daemon.told = true;
  if (call.hookState !== undefined || call.exitHook !== undefined)
    hookStateOf(run, { kind: "call", call }).told = true;
  // An exit handler that is a daemon itself may come when its scope closes already.
  if (scopeOf(run, call).closing !== undefined) stopDaemon(run, call);
}

/** D4. An attempt of it failed, and there will be another one. */
export function noteRestart(run: Run, call: Call): void {
  if (call.daemon?.state !== "ready") return;
  call.daemon.state = "restarting";
  run.restarting += 1;
  if (call.retry !== undefined) delete call.retry.node.daemoned;
}

/** It is ready again, or over: what waited in its scope may go on. */
export function endRestart(run: Run, call: Call): void {
  if (call.daemon?.state !== "restarting") return;
  call.daemon.state = "ready";
  run.restarting -= 1;
  const frame = call.boundary?.unit.frame;
  if (frame?.kind === "steps") run.settled.push({ kind: "group", frame });
  if (frame?.kind !== "dag") return;
  for (const task of frame.postponed) run.settled.push({ kind: "task", frame, task });
  frame.postponed = [];
}

/** D4. Whether the leaf waits for a daemon that is tried again. */
export function waitsForDaemon(run: Run, { call }: Unit): boolean {
  if (run.restarting === 0 || call.daemon !== undefined || call.exiting) return false;
  for (let scope = call.boundary; scope !== undefined; scope = scope.unit.call.boundary)
    if (isRestarting(scope)) return true;
  return false;
}

/** Whether one of the scope's daemons is tried again. */
export function isRestarting({ daemons }: { readonly daemons: ReadonlySet<Call> }): boolean {
  for (const { daemon } of daemons) if (daemon?.state === "restarting") return true;
  return false;
}

/** D3. How a daemon's node ends when its step has. */
export function daemonEnd(
  run: Run,
  { call, node }: Unit,
  fact: StepFinished,
): Pick<UnitEnd, "phase" | "message"> | undefined {
  if (isStopping(call)) return { phase: "Succeeded" };
  if (fact.exitCode !== 0 || fact.deadline === true || fact.error === true) return undefined;
  if (node === undefined || isFulfilled(node)) return undefined;
  const message =
    run.shutdown === undefined
      ? "a daemon ended by itself (exit code 0)"
      : `workflow shutdown with strategy: ${run.shutdown.strategy}`;
  return { phase: "Failed", message };
}
