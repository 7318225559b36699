// Tasks start when all they depend on has ended and their condition holds.
import { configLook } from "../../definitions/config-maps.ts";
import { renderArguments } from "../../template/arguments.ts";
import { renderUse } from "../../template/resolve.ts";
import { evaluateWhen, failureText, renderText } from "../../values/language.ts";
import { itemPart, placeOf, type Scope } from "../../values/scope.ts";
import { endFailedFast, endWithOutputs, makeBoundary, noteFailure } from "../boundary.ts";
import { endUnit, makeNode, startCall } from "../call.ts";
import { isRestarting } from "../daemons/daemon.ts";
import { closeBoundary } from "../daemons/scope.ts";
import { armHooks, phaseChanged } from "../hooks/watch.ts";
import { boundaryScope, unitScope } from "../scopes.ts";
import type { Call, DagFrame, Item, Owner, TaskState, Unit } from "../state/frames.ts";
import { isBad, isCompleted, type Node, type NodePhase } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { addChild, addNode, endNode, linkBehind, outboundOf } from "../state/tree.ts";
import { endHooked } from "./hooks.ts";
import { isLoop, itemsOf } from "./items.ts";
import { planTasks } from "./plan.ts";
import { exitHookOf, isUnforgiven } from "./steps.ts";

export function openDag(run: Run, unit: Unit): void {
  const node = makeNode(run, unit, "DAG", "Running");
  let frame: DagFrame;
  try {
    const { dag } = unit.shape.template;
    const plan = planTasks(dag?.tasks ?? [], renderText(dag?.target ?? "", unitScope(run, unit)));
    frame = {
      ...makeBoundary(unit, node, "tasks"),
      kind: "dag",
      ...plan,
      remaining: plan.tasks.size,
      postponed: [],
    };
  } catch (error) {
    endUnit(run, unit, { phase: "Error", message: failureText(error) });
    return;
  }
  unit.frame = frame;
  for (const task of frame.tasks.values()) frame.children.set(task.task.name, task.child);
  for (const task of frame.tasks.values())
    if (task.waitingFor === 0) run.settled.push({ kind: "task", frame, task });
  if (frame.remaining === 0) run.settled.push({ kind: "boundary", frame });
}

/** A task whose dependencies have all ended. */
export function taskReady(run: Run, frame: DagFrame, task: TaskState): void {
  if (frame.failedFast || frame.closing !== undefined) return;
  if (isRestarting(frame)) {
    frame.postponed.push(task);
    return;
  }
  if (!task.holds((name, result) => resultIs(frame.tasks.get(name), result))) {
    standIn(run, frame, task, "Omitted", "omitted: depends condition not met");
    return;
  }
  const scope = boundaryScope(run, frame);
  if (isLoop(task.task)) {
    startLoop(run, frame, task, scope);
    return;
  }
  startOne(run, { frame, task, owner: { kind: "task", frame, task }, name: taskName(frame, task) }, scope);
}

const taskName = (frame: DagFrame, task: TaskState): string => `${frame.node.name}.${task.task.name}`;

function resultIs(state: TaskState | undefined, result: string | undefined): boolean {
  const node = state?.child.node;
  if (state === undefined || node === undefined) return false;
  const { phase } = node;
  switch (result) {
    case undefined:
      return (
        phase === "Succeeded" ||
        phase === "Skipped" ||
        isDaemoned(node) ||
        (isBad(phase) && !isUnforgiven(node, state.task))
      );
    case "Errored":
      return phase === "Error";
    case "AnySucceeded":
      return state.child.items?.some((item) => item.phase === "Succeeded") ?? phase === "Succeeded";
    case "AllFailed":
      return state.child.items?.every((item) => item.phase === "Failed") ?? phase === "Failed";
    case "Daemoned":
      return isDaemoned(node);
    default:
      return phase === result;
  }
}

/** One that an earlier run had, and that is not needed any more, counts as it did then. */
const isDaemoned = (node: Node): boolean =>
  node.daemoned === true ||
  (node.podIp !== undefined && (node.phase === "Succeeded" || node.phase === "Skipped"));

interface One {
  readonly frame: DagFrame;
  readonly task: TaskState;
  readonly owner: Owner;
  readonly name: string;
  readonly item?: Item;
}

function startOne(run: Run, one: One, around: Scope): void {
  const { frame, task, owner, name } = one;
  const scope = around.with(placeOf(name));
  let call: Call;
  try {
    const when = task.task.when === undefined ? undefined : evaluateWhen(task.task.when, scope);
    if (when?.value === false) {
      standInOne(run, one, "Skipped", `when '${when.rendered}' evaluated false`);
      return;
    }
    call = {
      name,
      use: renderUse(task.task, scope),
      args: renderArguments(task.task.arguments, scope, configLook(run)),
      boundary: frame,
      owner,
      depth: frame.depth + 1,
      exiting: frame.unit.call.exiting,
      hooked: false,
      wantsResult: frame.resultsWanted.has(task.task.name),
      // Of a loop each item has it, and then the loop as a whole: so it is in Argo.
      exitHook: exitHookOf(task.task),
      hooks: owner.kind === "task" ? task.task.hooks : undefined,
      item: one.item,
    };
  } catch (error) {
    standInOne(run, one, "Error", failureText(error));
    return;
  }
  startCall(run, call);
}

/** A node in place of a task, or of one item of it, that does not run. */
function standInOne(run: Run, one: One, phase: "Skipped" | "Error", message: string): void {
  const { frame, task } = one;
  if (one.owner.kind === "task") {
    standIn(run, frame, task, phase, message);
    return;
  }
  const node = addStandIn(run, one.frame, one.name, phase, message);
  task.child.items?.push(node);
  if (task.child.node !== undefined) addChild(task.child.node, node);
  itemEnded(run, frame, task);
}

const addStandIn = (run: Run, frame: DagFrame, name: string, phase: NodePhase, message: string): Node =>
  addNode(run, { name, type: "Skipped", phase, templateName: "", boundary: frame, message });

function standIn(run: Run, frame: DagFrame, task: TaskState, phase: NodePhase, message: string): void {
  const node = addStandIn(run, frame, taskName(frame, task), phase, message);
  linkTask(run, frame, task, node);
  taskEnded(run, frame, task);
}

function linkTask(run: Run, frame: DagFrame, task: TaskState, node: Node): void {
  task.child.node = node;
  const before = task.dependsOn.flatMap((name) => frame.tasks.get(name)?.child.node ?? []);
  if (before.length === 0) addChild(frame.node, node);
  else linkBehind(run, before, node);
}

function startLoop(run: Run, frame: DagFrame, task: TaskState, scope: Scope): void {
  let items: readonly Item[];
  try {
    items = itemsOf(task.task, scope, run.limits.maxItems);
  } catch (error) {
    standIn(run, frame, task, "Error", failureText(error));
    return;
  }
  if (items.length === 0) {
    standIn(run, frame, task, "Skipped", "Skipped, empty params");
    return;
  }
  const name = taskName(frame, task);
  const group = addNode(run, {
    name,
    type: "TaskGroup",
    phase: "Running",
    templateName: task.task.template ?? "",
    templateRef: task.task.templateRef,
    boundary: frame,
  });
  linkTask(run, frame, task, group);
  task.child.items = [];
  task.remaining = items.length;
  armHooks(run, { kind: "task", frame, task }, task.task.hooks);
  for (const item of items)
    startOne(
      run,
      {
        frame,
        task,
        owner: { kind: "task-item", frame, task },
        name: `${name}(${item.index}:${item.label})`,
        item,
      },
      scope.with(itemPart(item.value)),
    );
}

/** One item of a loop ended. */
export function itemEnded(run: Run, frame: DagFrame, task: TaskState): void {
  task.remaining -= 1;
  const group = task.child.node;
  if (task.remaining > 0 || group === undefined) return;
  const bad = task.child.items?.findLast((node) => isBad(node.phase));
  endNode(run, group, bad?.phase ?? "Succeeded");
  const of = { kind: "task", frame, task } as const;
  phaseChanged(run, of);
  if (!endHooked(run, of, exitHookOf(task.task))) return;
  task.hookState.told = true;
  taskEnded(run, frame, task);
}

/** A hook of a task that was over already ended. */
export function lateHookEnded(run: Run, frame: DagFrame): void {
  frame.remaining -= 1;
  if (frame.remaining === 0) run.settled.push({ kind: "boundary", frame });
}

/** A task ended, hooks and all: its dependants may be ready. */
export function taskEnded(run: Run, frame: DagFrame, task: TaskState): void {
  const { node } = task.child;
  if (task.done || node === undefined) return;
  task.done = true;
  task.branch = isCompleted(node) ? node.phase : inherited(frame, task);
  frame.remaining -= 1;
  if (isUnforgiven(node, task.task)) noteFailure(run, frame);
  for (const name of task.dependants) {
    const dependant = frame.tasks.get(name);
    if (dependant === undefined) continue;
    dependant.waitingFor -= 1;
    if (dependant.waitingFor === 0) run.settled.push({ kind: "task", frame, task: dependant });
  }
  if (frame.remaining === 0) run.settled.push({ kind: "boundary", frame });
}

/** A task that did not run stands for the failure of those before it. */
function inherited(frame: DagFrame, task: TaskState): NodePhase {
  const before = task.dependsOn.map((name) => frame.tasks.get(name)?.branch ?? "Succeeded");
  return before.find((phase) => phase === "Error") ?? before.find(isBad) ?? "Succeeded";
}

/** Every task ended. */
export function dagEnded(run: Run, frame: DagFrame): void {
  if (frame.unit.state === "ended" || endFailedFast(run, frame) || frame.remaining > 0) return;
  const targets = frame.targets.flatMap((name) => frame.tasks.get(name) ?? []);
  frame.node.outboundNodes = targets.flatMap((t) =>
    t.child.node === undefined ? [] : outboundOf(run, t.child.node),
  );
  const bads = targets.filter((t) => isBad(t.branch) && !isForgiven(t));
  // As Argo's loop over the targets: it ends at the first one, but for failFast: false.
  const bad = frame.unit.shape.template.dag?.failFast === false ? bads.at(-1) : bads[0];
  if (bad === undefined) {
    endWithOutputs(run, frame);
    return;
  }
  closeBoundary(run, frame, { phase: bad.branch });
}

const isForgiven = (t: TaskState): boolean =>
  t.branch === "Failed" ? t.task.continueOn?.failed === true : t.task.continueOn?.error === true;
