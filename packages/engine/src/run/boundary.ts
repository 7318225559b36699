import { compositeOutputs } from "../template/outputs.ts";
import { failureText } from "../values/language.ts";
import { openUnit } from "./call.ts";
import { closeBoundary } from "./daemons/scope.ts";
import { closeGate, cutGates, passGate } from "./gates/gate.ts";
import { boundaryScope } from "./scopes.ts";
import type { Boundary, DagFrame, StepsFrame, Unit } from "./state/frames.ts";
import { isBad, type Node } from "./state/node.ts";
import type { Run } from "./state/run.ts";
import { endNode } from "./state/tree.ts";

export const failFastMessage = "template has failed or errored children and failFast enabled";

/** The part of a frame that steps and dag templates share. */
export function makeBoundary(unit: Unit, node: Node, scopeName: "steps" | "tasks"): Boundary {
  const { template, resultsWanted } = unit.shape;
  return {
    unit,
    node,
    scopeName,
    children: new Map(),
    depth: unit.call.depth,
    resultsWanted,
    parallelism: template.parallelism,
    failFast: template.failFast === true,
    failedFast: false,
    active: 0,
    open: 0,
    waiting: [],
    daemons: new Set(),
  };
}

/** A unit of the boundary ended: the next one that waits may go. */
export function releaseSlot(run: Run, boundary: Boundary): void {
  boundary.active -= 1;
  const next = boundary.waiting.shift();
  if (next === undefined) return;
  if ("kind" in next) passGate(run, next);
  else openUnit(run, next);
}

/**
 * A child failed for good. With `failFast`, what waits never starts; the template fails once what runs has ended, exit
 * handlers of what ran included.
 */
export function noteFailure(run: Run, frame: StepsFrame | DagFrame): void {
  if (!frame.failFast || frame.failedFast) return;
  frame.failedFast = true;
  const waiting = frame.waiting;
  frame.waiting = [];
  for (const one of waiting)
    if (one.call.hooked) frame.waiting.push(one);
    else dropUnit(run, frame, one);
  cutGates(run, (gate) => gate.call.boundary === frame && !gate.call.hooked, failFastMessage);
  run.settled.push({ kind: "boundary", frame });
}

/** What never starts, since its template failed fast. */
export function dropUnit(run: Run, boundary: Boundary, { call }: Pick<Unit, "call">): void {
  boundary.open -= 1;
  const node = call.retry?.node ?? call.gate?.node;
  if (node !== undefined) endNode(run, node, "Failed", failFastMessage);
  closeGate(run, call);
}

/** Ends a template that failed fast, when nothing of it runs any more. True when it is (or will be) ended so. */
export function endFailedFast(run: Run, frame: StepsFrame | DagFrame): boolean {
  if (!frame.failedFast) return false;
  if (frame.open > 0) return true;
  closeGroups(run, frame);
  closeBoundary(run, frame, { phase: "Failed", message: failFastMessage });
  return true;
}

/** Groups whose other children never start end with what they have. */
function closeGroups(run: Run, frame: StepsFrame | DagFrame): void {
  if (frame.kind === "dag") {
    // Daemons end with their steps.
    const daemons = new Set([...frame.daemons].map(({ node }) => node));
    for (const { node } of frame.children.values())
      if (node !== undefined && !daemons.has(node)) endNode(run, node, "Failed");
    return;
  }
  const bad = frame.group?.members.find((m) => isBad(m.node.phase));
  if (frame.group !== undefined)
    endNode(run, frame.group.node, "Failed", bad === undefined ? undefined : `child '${bad.node.id}' failed`);
}

/** Ends a composite template that went well, with its outputs. */
export function endWithOutputs(run: Run, frame: StepsFrame | DagFrame): void {
  try {
    const outputs = compositeOutputs(frame.unit.shape.template.outputs, boundaryScope(run, frame));
    closeBoundary(run, frame, { phase: "Succeeded", outputs });
  } catch (error) {
    closeBoundary(run, frame, { phase: "Error", message: failureText(error) });
  }
}
