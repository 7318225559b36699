// Hooks with an expression: looked at at each change of a phase that their expression can read, at the moment of the
// change, so that none is missed however fast a step is.
// Invariants
//   H1. A hook fires at most once, and never after its scope (the group of steps, the dag, the workflow) is over.
//   H2. What a hook belongs to is not over before the hook is; a hook's own failure changes nothing else.
//   H3. A change costs the hooks that can read it: a hook is known by the names in its expression.
import { failureText, hookHolds, referencesOf } from "../../values/language.ts";
import { globalsScope, hookScope } from "../scopes.ts";
import type { ArmedHook, Boundary, Call, DeclaredHooks, Hooked, HookState } from "../state/frames.ts";
import { noHooks } from "../state/frames.ts";
import type { Node } from "../state/node.ts";
import type { Run } from "../state/run.ts";

export function hookStateOf(run: Run, of: Hooked): HookState {
  switch (of.kind) {
    case "call":
      of.call.hookState ??= noHooks();
      return of.call.hookState;
    case "task":
      return of.task.hookState;
    case "run":
      return run.hookState;
  }
}

export function nodeOf(run: Run, of: Hooked): Node | undefined {
  if (of.kind === "run") return run.nodes.get(run.key.name);
  return of.kind === "call" ? of.call.node : of.task.child.node;
}

export function boundaryOf(of: Hooked): Boundary | undefined {
  if (of.kind === "run") return undefined;
  return of.kind === "call" ? of.call.boundary : of.frame;
}

/** The name by which siblings know it. */
function childName(of: Hooked): string | undefined {
  if (of.kind === "task") return of.task.task.name;
  if (of.kind === "run") return undefined;
  const { owner } = of.call;
  if (owner.kind === "group") return owner.step.name;
  return owner.kind === "task" ? owner.task.task.name : undefined;
}

/** Its node stands: from now on its hooks are looked at. */
export function armHooks(run: Run, of: Hooked, declared: DeclaredHooks | undefined): void {
  if (declared !== undefined) {
    const state = hookStateOf(run, of);
    for (const [name, hook] of Object.entries(declared)) {
      if (name === "exit") continue;
      const armed: ArmedHook = { name, hook, of, fired: false };
      state.armed.push(armed);
      watchSiblings(armed);
    }
  }
  phaseChanged(run, of);
}

/** Files a hook under the other children that its expression reads. */
function watchSiblings(armed: ArmedHook): void {
  const boundary = boundaryOf(armed.of);
  if (boundary === undefined) return;
  const own = childName(armed.of);
  for (const name of siblingsIn(armed, boundary)) {
    if (name === own) continue;
    boundary.watched ??= new Map();
    const known = boundary.watched.get(name);
    if (known === undefined) boundary.watched.set(name, [armed]);
    else known.push(armed);
  }
}

/** Children that an expression reads; "" stands for all of them. A text that cannot be read watches nobody. */
function siblingsIn({ hook }: ArmedHook, boundary: Boundary): ReadonlySet<string> {
  const names = new Set<string>();
  for (const reference of referencesOf(hook.expression ?? "")) {
    const [root, name] = reference.split(".");
    if (root === "$env") names.add("");
    else if (root === boundary.scopeName) names.add(name ?? "");
  }
  return names;
}

/** A phase changed: what can read it is looked at. */
export function phaseChanged(run: Run, of: Hooked): void {
  lookAll(run, hookStateOfIfAny(run, of)?.armed);
  const watched = boundaryOf(of)?.watched;
  const name = childName(of);
  if (watched === undefined || name === undefined) return;
  lookAll(run, watched.get(name));
  lookAll(run, watched.get(""));
}

const hookStateOfIfAny = (run: Run, of: Hooked): HookState | undefined =>
  of.kind === "call" ? of.call.hookState : hookStateOf(run, of);

function lookAll(run: Run, hooks: ArmedHook[] | undefined): void {
  if (hooks === undefined || hooks.length === 0) return;
  for (const armed of [...hooks]) look(run, armed);
  const left = hooks.filter((armed) => !armed.fired);
  if (left.length < hooks.length) hooks.splice(0, hooks.length, ...left);
}

function look(run: Run, armed: ArmedHook): void {
  if (armed.fired || mayNotStart(run, armed.of)) return;
  const boundary = boundaryOf(armed.of);
  if (boundary?.unit.state === "ended") return;
  delete armed.trouble;
  if (boundary !== undefined && !isReadable(armed, boundary)) return;
  try {
    const scope = boundary === undefined ? globalsScope(run) : hookScope(run, boundary, armed.of);
    if (hookHolds(armed.hook.expression ?? "", scope)) fire(run, armed);
  } catch (error) {
    armed.trouble = `hook '${armed.name}': ${failureText(error)}`;
  }
}

/** Whether each child that it names has a node by now. */
function isReadable(armed: ArmedHook, boundary: Boundary): boolean {
  for (const name of siblingsIn(armed, boundary)) {
    const child = boundary.children.get(name);
    if (name !== "" && child?.node === undefined && child?.items === undefined) return false;
  }
  return true;
}

/** After a Terminate nothing starts; after a Stop or the deadline only what belongs to the end. */
function mayNotStart(run: Run, of: Hooked): boolean {
  if (
    run.stage === "done" ||
    (of.kind === "run" && run.closing !== undefined) ||
    run.deleted ||
    run.shutdown?.strategy === "Terminate"
  )
    return true;
  return (run.shutdown !== undefined || run.overdue) && !isExiting(run, of);
}

export function isExiting(run: Run, of: Hooked): boolean {
  if (of.kind === "run") return run.main !== undefined;
  return of.kind === "call" ? of.call.exiting : of.frame.unit.call.exiting;
}

/** Counted at once, so that what it belongs to waits for it; started in its turn. */
function fire(run: Run, armed: ArmedHook): void {
  armed.fired = true;
  openHook(run, armed.of);
  run.settled.push({ kind: "hook", hook: armed });
}

/** Counts a hook. What is over, or goes on alone as a daemon, is not waited for by its scope any more: its hook is. */
export function openHook(run: Run, of: Hooked): void {
  const state = hookStateOf(run, of);
  state.open += 1;
  if (state.told) holdScope(of);
}

function holdScope(of: Hooked): void {
  const frame = boundaryOf(of)?.unit.frame;
  if (frame?.kind === "dag") frame.remaining += 1;
  else if (frame?.group !== undefined) frame.group.remaining += 1;
}

/** Hooks whose expression cannot be evaluated although all that it reads has ended. */
export function takeTroubled(state: HookState): readonly ArmedHook[] {
  const troubled = state.armed.filter((armed) => !armed.fired && armed.trouble !== undefined);
  for (const armed of troubled) armed.fired = true;
  return troubled;
}

/** Whether its start is stored at once: something follows from it, or from its not being known. */
export const isStartStored = (run: Run, stepId: string): boolean =>
  isStartWatched(run, stepId) || run.steps.get(stepId)?.step?.pending !== undefined;

/** Whether a hook may fire when this step is seen to run: its start is worth a record of its own. */
export function isStartWatched(run: Run, stepId: string): boolean {
  const call = run.steps.get(stepId)?.call;
  return call !== undefined && call.retry === undefined && isWatched(call);
}

function isWatched(call: Call): boolean {
  if ((call.hookState?.armed.length ?? 0) > 0) return true;
  const watched = call.boundary?.watched;
  const name = childName({ kind: "call", call });
  return watched !== undefined && name !== undefined && (watched.has(name) || watched.has(""));
}
