import { parseProgress, progressAnnotation } from "../../executor/progress.ts";
import type { StepFinished, StepProgressed } from "../../facts.ts";
import { resourcesOf } from "../../metrics/resources-duration.ts";
import { leafArtifacts } from "../../template/artifact-request.ts";
import { leafOutputs } from "../../template/outputs.ts";
import { stepOf } from "../../template/request.ts";
import { isDaemon } from "../../template/shape.ts";
import { failureText } from "../../values/language.ts";
import { blame, endUnit, makeNode } from "../call.ts";
import { isSpared, stoppedText } from "../control/shutdown.ts";
import { daemonEnd, isStopping, returnPlace, waitsForDaemon } from "../daemons/daemon.ts";
import { phaseChanged } from "../hooks/watch.ts";
import { unitScope } from "../scopes.ts";
import type { Unit } from "../state/frames.ts";
import type { Node, NodeOutputs } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import type { Step } from "../state/step.ts";
import { addContainers, endContainers } from "./containers.ts";

export const overdueMessage = "Step exceeded its deadline";
export const pendingMessage = (ms: number): string =>
  `Pod was pending longer than its pendingTimeout of ${ms / 1_000}s`;
const podOverdueMessage = "Pod was active on the node longer than the specified deadline";

/** A leaf goes when the run is not suspended and its `parallelism` has room; else it waits in order, without a node. */
export function holdOrLaunch(run: Run, unit: Unit): void {
  if (mayLaunch(run, unit)) launch(run, unit);
  else run.held.push(unit);
}

function mayLaunch(run: Run, unit: Unit): boolean {
  if (refusal(run, unit) !== undefined) return true; // it gets its node, and its end, at once
  if ((run.suspended && !unit.call.exiting) || waitsForDaemon(run, unit)) return false;
  if (!takesPlace(unit)) return true;
  return run.spec.parallelism === undefined || run.activePods < run.spec.parallelism;
}

/** What the run's `parallelism` counts: requests of ours, and what waits, are no pods. */
const isPod = ({ shape }: Pick<Unit, "shape">): boolean => shape.type !== "http" && shape.type !== "suspend";
const takesPlace = (unit: Unit): boolean => isPod(unit) && unit.call.daemon === undefined;

/** Lets held leaves go as far as there is room. */
export function releaseHeld(run: Run): void {
  if (run.held.length === 0) return;
  const waiting = run.held;
  run.held = [];
  for (const unit of waiting) holdOrLaunch(run, unit);
}

/** Why nothing new may start here: the message of the node that is made all the same. */
export function refusal(run: Run, unit: Pick<Unit, "call" | "shape">): string | undefined {
  const { shutdown } = run;
  if (shutdown !== undefined && !isSpared(shutdown, unit))
    return isPod(unit) ? `workflow shutdown with strategy: ${shutdown.strategy}` : stoppedText(shutdown);
  return run.overdue && !unit.call.exiting ? overdueMessage : undefined;
}

function launch(run: Run, unit: Unit): void {
  const node = makeNode(run, unit, isPod(unit) ? "Pod" : "HTTP", "Pending");
  addContainers(run, unit, node);
  const refused = refusal(run, unit);
  if (refused !== undefined) {
    endUnit(run, unit, { phase: "Failed", message: refused });
    return;
  }
  let step: Step;
  try {
    step = stepOf(run, unit, node, unitScope(run, unit));
  } catch (error) {
    cannotStart(run, unit, failureText(error));
    return;
  }
  unit.step = step;
  node.stepId = step.request.id;
  sayProgress(node, step.request.metadata.annotations[progressAnnotation]);
  run.steps.set(step.request.id, unit);
  run.changes.start.push(step.request.id);
  if (takesPlace(unit)) {
    run.activePods += 1;
    unit.hasPlace = true;
  }
  const { pending } = step;
  if (pending !== undefined)
    run.timers.set({ kind: "pending-timeout", at: pending.until, unit, ms: pending.ms });
  if (step.timeoutAt !== undefined) run.timers.set({ kind: "unit-timeout", at: step.timeoutAt, unit });
}

/**
 * Ends a leaf that cannot be made as its call's own error, as `failCall` does; with retries it is an attempt that is an
 * Error like any other.
 */
function cannotStart(run: Run, unit: Unit, message: string): void {
  const isWhole = unit.shape.template.retryStrategy === undefined;
  endUnit(run, unit, { phase: "Error", message: isWhole ? blame(unit.call, message) : message });
}

/** Takes a step off the books (R3). Undefined when it was taken before: a late or repeated report. */
export function takeStep(run: Run, stepId: string): Unit | undefined {
  const unit = run.steps.get(stepId);
  if (unit === undefined) return undefined;
  run.steps.delete(stepId);
  returnPlace(run, unit);
  return unit;
}

/** The step's node is Running from now on. */
export function markRunning(run: Run, stepId: string, host?: string): void {
  const unit = run.steps.get(stepId);
  if (unit?.node === undefined) return;
  if (host !== undefined) unit.node.hostNodeName = host;
  if (unit.node.phase !== "Pending") return;
  unit.node.phase = "Running";
  if (unit.call.node === unit.node) phaseChanged(run, { kind: "call", call: unit.call });
}

/** What a step says of how far it is; a text that says nothing changes nothing. */
export function markProgress(run: Run, { step, progress }: StepProgressed): void {
  const node = run.steps.get(step)?.node;
  if (node !== undefined) sayProgress(node, progress);
}

function sayProgress(node: Node, text: string | undefined): void {
  const progress = parseProgress(text ?? "");
  if (progress !== undefined) node.progress = progress;
}

export function finishStep(run: Run, fact: StepFinished): void {
  const cut = cutBeforeItBegan(run, fact);
  // A step that was never seen to run is seen now: a hook on Running fires for the fastest step.
  if (cut === undefined) markRunning(run, fact.step);
  const unit = takeStep(run, fact.step);
  if (unit?.node === undefined) return;
  if (cut !== undefined) {
    endUnit(run, unit, { phase: "Failed", message: cut });
    return;
  }
  if (fact.host !== undefined) unit.node.hostNodeName = fact.host;
  sayProgress(unit.node, fact.progress);
  const taken = resourcesOf(unit.shape.template, Math.max(0, fact.at - unit.node.startedAt) / 1_000);
  if (taken !== undefined) unit.node.resourcesDuration = taken;
  endContainers(run, unit, fact.containers);
  const outputs: NodeOutputs = isPod(unit) ? { exitCode: exitCodeOf(fact) } : {};
  if (fact.result !== undefined) outputs.result = fact.result;
  const isWhole = fact.exitCode === 0 && fact.deadline !== true && fact.error !== true && !isDaemon(unit);
  const ofDaemon = isDaemon(unit) ? daemonEnd(run, unit, fact) : undefined;
  const good = isWhole || ofDaemon?.phase === "Succeeded";
  try {
    const parameters = leafOutputs(unit.step?.outputParameters, fact, isWhole);
    if (parameters.length > 0) outputs.parameters = parameters;
    const artifacts = leafArtifacts(unit.step?.outputArtifacts ?? [], fact, isWhole);
    if (artifacts.length > 0) outputs.artifacts = artifacts;
  } catch (error) {
    endUnit(run, unit, { phase: "Error", message: failureText(error), outputs });
    return;
  }
  endUnit(
    run,
    unit,
    good
      ? { phase: "Succeeded", outputs }
      : {
          phase: fact.error === true ? "Error" : "Failed",
          message: ofDaemon?.message ?? failureMessage(fact, unit.step),
          outputs,
        },
  );
}

/** Why a step was told to end that had not begun: its exit code would tell nothing. */
function cutBeforeItBegan(run: Run, fact: StepFinished): string | undefined {
  const unit = run.steps.get(fact.step);
  const began = unit?.node?.phase !== "Pending" || fact.startedAt < fact.at;
  return unit === undefined || began || fact.exitCode === 0 ? undefined : refusal(run, unit);
}

/** The main container's, as the step's own. */
const exitCodeOf = ({ containers, exitCode }: StepFinished): string =>
  String(containers?.find(({ name }) => name === "main")?.exitCode ?? exitCode);

/** Argo's words: `main: Error (exit code 1)`, `main: OOMKilled (exit code 137)`, or the pod's own text. */
function failureMessage(fact: StepFinished, step: Step | undefined): string {
  if (fact.deadline === true) return deadlineMessage(fact, step);
  if (fact.message !== undefined && !/^\w+$/.test(fact.message)) return fact.message;
  const bad = (fact.containers ?? []).filter(({ phase }) => phase === "Failed" || phase === "Error");
  const first = bad.find(({ name }) => name === "main") ?? bad[0];
  if (first?.message !== undefined) return `${first.name}: ${first.message}`;
  return `main: ${fact.message ?? "Error"} (exit code ${fact.exitCode})`;
}

/** `activeDeadlineSeconds` is the pod's own time, `timeout` the node's: told by which of the two came first. */
function deadlineMessage({ startedAt }: StepFinished, step: Step | undefined): string {
  if (step?.activeMs === undefined) return overdueMessage;
  const timeoutAt = step.timeoutAt ?? Number.POSITIVE_INFINITY;
  return startedAt + step.activeMs <= timeoutAt ? podOverdueMessage : overdueMessage;
}

/** Ends a running leaf by the engine's own word and has its step stopped; what the step still reports is dropped. */
export function cutStep(run: Run, unit: Unit, message: string): void {
  const stepId = unit.node?.stepId;
  // A daemon whose scope is over ends well, in time or not.
  if (isStopping(unit.call)) return;
  if (stepId === undefined || takeStep(run, stepId) === undefined) return;
  run.changes.stop.push({ stepId, how: "term" });
  endUnit(run, unit, { phase: "Failed", message });
}
