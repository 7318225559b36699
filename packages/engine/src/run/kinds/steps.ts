// Groups one after the other; in a group all steps at once.
import type { WorkflowStep } from "@sluice/spec";
import { configLook } from "../../definitions/config-maps.ts";
import { renderArguments } from "../../template/arguments.ts";
import { renderUse } from "../../template/resolve.ts";
import { evaluateWhen, failureText } from "../../values/language.ts";
import { itemPart, placeOf, type Scope } from "../../values/scope.ts";
import { endFailedFast, endWithOutputs, makeBoundary, noteFailure } from "../boundary.ts";
import { makeNode, startCall } from "../call.ts";
import { isRestarting } from "../daemons/daemon.ts";
import { closeBoundary, finishClosing } from "../daemons/scope.ts";
import { boundaryScope } from "../scopes.ts";
import type { Call, Child, Item, StepGroup, StepsFrame, Unit } from "../state/frames.ts";
import { isBad, type Node, nodeId } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { addChild, addNode, endNode, linkBehind, outboundOf } from "../state/tree.ts";
import { isLoop, itemsOf } from "./items.ts";

export function openSteps(run: Run, unit: Unit): void {
  const node = makeNode(run, unit, "Steps", "Running");
  const frame: StepsFrame = {
    ...makeBoundary(unit, node, "steps"),
    kind: "steps",
    groups: unit.shape.template.steps ?? [],
    index: -1,
  };
  unit.frame = frame;
  nextGroup(run, frame);
}

function nextGroup(run: Run, frame: StepsFrame): void {
  const before = frame.group;
  frame.index += 1;
  const steps = frame.groups[frame.index];
  if (steps === undefined) {
    setOutbound(run, frame);
    endWithOutputs(run, frame);
    return;
  }
  const node = addNode(run, {
    name: `${frame.node.name}[${frame.index}]`,
    type: "StepGroup",
    phase: "Running",
    templateName: "",
    boundary: frame,
  });
  if (before === undefined) addChild(frame.node, node);
  else linkBehind(run, before.members.length === 0 ? [before.node] : before.members.map((m) => m.node), node);
  frame.group = { node, remaining: 1, members: [] };
  for (const step of steps) startStep(run, frame, frame.group, step);
  memberEnded(run, frame, frame.group);
}

function setOutbound(run: Run, frame: StepsFrame): void {
  const members = frame.group?.members ?? [];
  frame.node.outboundNodes =
    members.length > 0
      ? members.flatMap((m) => outboundOf(run, m.node))
      : frame.group === undefined
        ? []
        : [frame.group.node.id];
}

/** A hook of a step that was over already ended. */
export function lateHookEnded(run: Run, frame: StepsFrame): void {
  if (frame.group !== undefined) memberEnded(run, frame, frame.group);
}

function memberEnded(run: Run, frame: StepsFrame, group: StepGroup): void {
  group.remaining -= 1;
  if (group.remaining === 0) run.settled.push({ kind: "group", frame });
}

function startStep(run: Run, frame: StepsFrame, group: StepGroup, step: WorkflowStep): void {
  const child: Child = { name: step.name, use: step };
  frame.children.set(step.name, child);
  const scope = boundaryScope(run, frame);
  const name = `${group.node.name}.${step.name}`;
  if (!isLoop(step)) {
    startMember(run, { frame, group, step, child }, name, scope);
    return;
  }
  let items: readonly Item[];
  try {
    items = itemsOf(step, scope, run.limits.maxItems);
  } catch (error) {
    standIn(run, { frame, group, step, child }, name, { phase: "Error", message: failureText(error) });
    return;
  }
  if (items.length === 0) {
    standIn(run, { frame, group, step, child }, name, {
      phase: "Skipped",
      message: "Skipped, empty params",
    });
    return;
  }
  child.items = [];
  child.loopId = nodeId(run.key.name, name);
  for (const item of items)
    startMember(
      run,
      { frame, group, step, child, item },
      `${name}(${item.index}:${item.label})`,
      scope.with(itemPart(item.value)),
    );
}

interface Member {
  readonly frame: StepsFrame;
  readonly group: StepGroup;
  readonly step: WorkflowStep;
  readonly child: Child;
  readonly item?: Item;
}

function startMember(run: Run, member: Member, name: string, around: Scope): void {
  const { frame, group, step, child } = member;
  if (frame.failedFast) return;
  const scope = around.with(placeOf(name));
  let call: Call;
  try {
    const when = step.when === undefined ? undefined : evaluateWhen(step.when, scope);
    if (when?.value === false) {
      standIn(run, member, name, { phase: "Skipped", message: `when '${when.rendered}' evaluated false` });
      return;
    }
    call = {
      name,
      use: renderUse(step, scope),
      args: renderArguments(step.arguments, scope, configLook(run)),
      boundary: frame,
      owner: { kind: "group", frame, step, child },
      depth: frame.depth + 1,
      exiting: frame.unit.call.exiting,
      hooked: false,
      wantsResult: frame.resultsWanted.has(step.name),
      exitHook: exitHookOf(step),
      hooks: step.hooks,
      item: member.item,
    };
  } catch (error) {
    standIn(run, member, name, { phase: "Error", message: failureText(error) });
    return;
  }
  group.remaining += 1;
  startCall(run, call);
}

/** A step's exit handler; the old `onExit` gets the workflow's arguments. */
export function exitHookOf(step: Pick<WorkflowStep, "hooks" | "onExit">): Call["exitHook"] {
  const hook = step.hooks?.["exit"];
  if (hook !== undefined) return { hook, workflowArguments: false };
  return step.onExit === undefined || step.onExit === ""
    ? undefined
    : { hook: { template: step.onExit }, workflowArguments: true };
}

/** A node in place of a step that does not run. */
function standIn(
  run: Run,
  { frame, group, step, child }: Member,
  name: string,
  end: { readonly phase: "Skipped" | "Error"; readonly message: string },
): void {
  const node = addNode(run, {
    name,
    type: "Skipped",
    phase: end.phase,
    templateName: step.template ?? "",
    templateRef: step.templateRef,
    boundary: frame,
    message: end.message,
  });
  addChild(group.node, node);
  if (child.items === undefined) child.node = node;
  else child.items.push(node);
  group.members.push({ node, step, error: end.phase === "Error" ? end.message : undefined });
  if (end.phase === "Error") noteFailure(run, frame);
}

/** One of the group's calls ended, hooks and all. */
export function stepEnded(run: Run, frame: StepsFrame, step: WorkflowStep, call: Call): void {
  const { group } = frame;
  if (group === undefined || call.node === undefined) return;
  group.members.push({ node: call.node, step, error: call.error });
  memberEnded(run, frame, group);
}

export const isUnforgiven = (node: Node, step: Pick<WorkflowStep, "continueOn">): boolean =>
  (node.phase === "Failed" && step.continueOn?.failed !== true) ||
  (node.phase === "Error" && step.continueOn?.error !== true);

/** Every step of the group ended. */
export function groupEnded(run: Run, frame: StepsFrame): void {
  const { group } = frame;
  if (group === undefined || frame.unit.state === "ended") return;
  if (frame.closing !== undefined) {
    finishClosing(run, frame);
    return;
  }
  if (endFailedFast(run, frame)) return;
  // A hook that a sibling's end fired meanwhile.
  if (group.remaining > 0 || waitsForDaemon(frame)) return;
  delete frame.watched;
  inOrder(group);
  const broken = group.members.find((m) => m.error !== undefined);
  const failed = group.members.find((m) => isUnforgiven(m.node, m.step));
  if (broken !== undefined && isBad(broken.node.phase))
    endNode(
      run,
      group.node,
      "Error",
      `step group deemed errored due to child ${broken.node.name} error: ${broken.error}`,
    );
  else if (failed !== undefined) endNode(run, group.node, "Failed", `child '${failed.node.id}' failed`);
  else {
    endNode(run, group.node, "Succeeded");
    if (frame.broken === undefined) nextGroup(run, frame);
    else failSteps(run, frame, `child '${frame.broken.id}' failed`);
    return;
  }
  failSteps(run, frame, group.node.message);
}

/** A steps template is always Failed, whatever its child was: so it is in Argo. */
function failSteps(run: Run, frame: StepsFrame, message: string | undefined): void {
  setOutbound(run, frame);
  closeBoundary(run, frame, { phase: "Failed", message });
}

/** The next group begins when all daemons are ready again; one that failed for good is not waited for. */
const waitsForDaemon = (frame: StepsFrame): boolean =>
  frame.broken === undefined && frame.groups[frame.index + 1] !== undefined && isRestarting(frame);

/** Members in the order of the group's children, not of their ends. */
function inOrder(group: StepGroup): void {
  const place = new Map(group.node.children.map((id, i) => [id, i]));
  group.members.sort((a, b) => (place.get(a.node.id) ?? 0) - (place.get(b.node.id) ?? 0));
}
