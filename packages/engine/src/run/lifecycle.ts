import { workflowArtifacts } from "../template/artifacts.ts";
import { failureText } from "../values/language.ts";
import { invalidArgument } from "./arguments.ts";
import { startCall } from "./call.ts";
import { shutdownMessage } from "./control/shutdown.ts";
import { closeRun } from "./daemons/scope.ts";
import { missingDefinition } from "./definitions.ts";
import { admitRun, isAwaiting } from "./gates/admission.ts";
import { dropAsks } from "./gates/books.ts";
import { cutGates } from "./gates/gate.ts";
import { armHooks, phaseChanged } from "./hooks/watch.ts";
import { endHooked } from "./kinds/hooks.ts";
import { cutStep, overdueMessage } from "./kinds/leaf.ts";
import { exitHookOf } from "./kinds/steps.ts";
import { failSuspend } from "./kinds/suspend.ts";
import { stampMetadata } from "./metadata.ts";
import type { RenderedArtifacts } from "./state/arguments.ts";
import type { Call } from "./state/frames.ts";
import type { RunPhase } from "./state/node.ts";
import type { Run } from "./state/run.ts";
import { endNode } from "./state/tree.ts";

/** An engine took the run: its main part starts. */
export function startRun(run: Run): void {
  if (run.phase !== "Pending" || run.definitions === "wanted" || isAwaiting(run)) return;
  run.startedAt = run.now;
  const fault = faultOf(run);
  if (fault !== undefined) {
    endRun(run, fault.phase, fault.message);
    return;
  }
  admitRun(run);
}

/** The run has all that it needs: its main part starts. */
export function beginRun(run: Run): void {
  run.phase = "Running";
  run.startedAt = run.now;
  const seconds = run.spec.activeDeadlineSeconds;
  if (seconds !== undefined) run.timers.set({ kind: "run-deadline", at: run.now + seconds * 1_000 });
  let artifacts: RenderedArtifacts | undefined;
  try {
    artifacts = workflowArtifacts(run);
  } catch (error) {
    endRun(run, "Failed", `invalid spec: ${failureText(error)}`);
    return;
  }
  startCall(run, {
    name: run.key.name,
    use: { template: run.spec.entrypoint },
    args: { values: run.parameters, absent: new Map(), artifacts },
    boundary: undefined,
    owner: { kind: "run" },
    depth: 1,
    exiting: false,
    hooked: false,
    wantsResult: false,
  });
  armHooks(run, { kind: "run" }, run.spec.hooks);
}

/** Why the run cannot start. Its `workflowMetadata` counts from here on. */
function faultOf(run: Run): { phase: "Failed" | "Error"; message: string } | undefined {
  const missing = missingDefinition(run);
  if (missing !== undefined) return missing;
  const invalid = invalidArgument(run);
  if (invalid !== undefined) return { phase: "Failed", message: invalid };
  try {
    stampMetadata(run);
    return undefined;
  } catch (error) {
    return { phase: "Error", message: failureText(error) };
  }
}

/** The main part ended: hooks see its phase, the exit handler starts, and the run ends when all of them have. */
export function mainEnded(run: Run, call: Call): void {
  run.main = mainResult(run, call);
  run.stage = "exit";
  const of = { kind: "run" } as const;
  phaseChanged(run, of);
  if (endHooked(run, of, exitHookOf(run.spec))) runHooksEnded(run);
}

function mainResult(run: Run, call: Call): NonNullable<Run["main"]> {
  const phase = call.node?.phase;
  if (run.shutdown !== undefined) return { phase: "Failed" };
  const message =
    call.error === undefined ? call.node?.message : `error in entry template execution: ${call.error}`;
  const bad = phase === "Failed" || phase === "Error" ? phase : undefined;
  return { phase: bad ?? "Succeeded", ...(bad === undefined || message === undefined ? {} : { message }) };
}

export function exitEnded(run: Run, call: Call): void {
  const phase = call.node?.phase;
  const message = call.error ?? call.node?.message;
  if (phase === "Failed" || phase === "Error")
    run.exit = { phase, ...(message === undefined ? {} : { message }) };
}

/**
 * A failed exit handler fails a run that went well; a run that failed keeps its own reason, or is told by the last
 * shutdown, also one that came while its exit handler ran. Other hooks do not count.
 */
export function runHooksEnded(run: Run): void {
  const main = run.main ?? { phase: "Error" as const };
  if (main.phase !== "Succeeded") closeRun(run, main.phase, shutdownMessage(run) ?? main.message);
  else closeRun(run, (run.exit ?? main).phase, (run.exit ?? main).message);
}

/** Ends the run, whatever it was at, and gives back what it has. */
export function endRun(run: Run, phase: RunPhase, message?: string): void {
  run.stage = "done";
  run.phase = phase;
  if (message === undefined) delete run.message;
  else run.message = message;
  run.finishedAt = run.now;
  run.timers.clear();
  dropAsks(run);
}

/** The run's own time is over: what is under way ends; exit handlers go on. */
export function expireRun(run: Run): void {
  if (run.stage !== "main") return;
  run.overdue = true;
  for (const unit of [...run.steps.values()]) if (!unit.call.exiting) cutStep(run, unit, overdueMessage);
  for (const unit of [...run.suspends.values()])
    if (!unit.call.exiting) failSuspend(run, unit, "Failed", overdueMessage);
  cutGates(run, (gate) => !gate.call.exiting, overdueMessage);
  run.message = overdueMessage;
  run.timers.hasten(run.now);
}

/** Ends a run that cannot go on, with all that is under way in it. */
export function breakRun(run: Run, message: string): void {
  for (const stepId of run.steps.keys()) run.changes.stop.push({ stepId, how: "kill" });
  run.steps.clear();
  run.suspends.clear();
  run.realtime.clear();
  run.held = [];
  run.heldGates = [];
  run.settled.length = 0;
  run.activePods = 0;
  for (const node of run.nodes.values()) endNode(run, node, "Error", message);
  endRun(run, "Error", message);
}
