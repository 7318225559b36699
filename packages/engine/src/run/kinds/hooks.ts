// Hooks as calls: exit handlers and hooks that fired. What they belong to counts them and is not over before they are.
import type { LifecycleHook } from "@sluice/spec";
import { configLook } from "../../definitions/config-maps.ts";
import { noArguments, renderArguments } from "../../template/arguments.ts";
import { workflowArtifacts } from "../../template/artifacts.ts";
import { failureText, hookHolds } from "../../values/language.ts";
import { placeOf, type Scope } from "../../values/scope.ts";
import { failCall, startCall } from "../call.ts";
import { boundaryOf, hookStateOf, isExiting, nodeOf, openHook, takeTroubled } from "../hooks/watch.ts";
import { globalsScope, hookScope } from "../scopes.ts";
import type { RenderedArguments } from "../state/arguments.ts";
import type { ArmedHook, Call, ExitHook, Hooked, Owner } from "../state/frames.ts";
import { isCompleted } from "../state/node.ts";
import type { Run } from "../state/run.ts";

interface HookParts {
  readonly of: Hooked;
  readonly name: string;
  readonly exitHook: ExitHook;
  readonly owner: Owner;
  readonly exiting: boolean;
}

const scopeOf = (run: Run, of: Hooked): Scope => {
  const boundary = boundaryOf(of);
  return boundary === undefined ? globalsScope(run) : hookScope(run, boundary, of);
};

/** Starts a hook's call; one whose arguments cannot be made ends as an error at once. */
function startHookCall(run: Run, { of, name, exitHook, owner, exiting }: HookParts): void {
  const { hook, workflowArguments } = exitHook;
  const boundary = boundaryOf(of);
  let args: RenderedArguments = noArguments;
  let error: string | undefined;
  try {
    args = workflowArguments
      ? { values: run.parameters, absent: new Map(), artifacts: workflowArtifacts(run) }
      : renderArguments(hook.arguments, scopeOf(run, of).with(placeOf(name)), configLook(run));
  } catch (thrown) {
    error = failureText(thrown);
  }
  const call: Call = {
    name,
    use: { template: hook.template, templateRef: hook.templateRef },
    args,
    boundary,
    owner,
    depth: (boundary?.depth ?? 0) + 1,
    exiting,
    hooked: true,
    wantsResult: false,
  };
  if (error === undefined) startCall(run, call);
  else {
    failUnstarted(run, call, error);
    noteWritten(call, hook);
  }
}

/** A hook whose arguments could not be made shows them as they are written: what it would have been given. */
function noteWritten({ node }: Call, hook: LifecycleHook): void {
  const written = (hook.arguments?.parameters ?? []).flatMap(({ name, value }) =>
    value === undefined ? [] : [{ name, value }],
  );
  if (node !== undefined && written.length > 0) node.inputs = written;
}

function failUnstarted(run: Run, call: Call, error: string): void {
  if (call.boundary !== undefined) call.boundary.open += 1;
  failCall(run, call, error);
}

/** Starts a hook that fired; one whose scope ended meanwhile is dropped. */
export function startHook(run: Run, { of, name, hook }: ArmedHook): void {
  // A run may have hooks before it has its first node: suspended from the start, or waiting for a lock.
  const owner = of.kind === "run" ? run.key.name : nodeOf(run, of)?.name;
  if (owner === undefined || boundaryOf(of)?.unit.state === "ended") return;
  startHookCall(run, {
    of,
    name: `${owner}.hooks.${name}`,
    exitHook: { hook, workflowArguments: false },
    owner: ownerOf(of),
    exiting: isExiting(run, of),
  });
}

function ownerOf(of: Hooked): Owner {
  switch (of.kind) {
    case "call":
      return { kind: "hook", of: of.call };
    case "task":
      return { kind: "task-hook", frame: of.frame, task: of.task };
    case "run":
      return { kind: "run-hook" };
  }
}

/**
 * What has hooks ended itself: its exit handler starts, and a hook whose expression is still an error becomes an error
 * node, so that it is not silent. True when nothing is left to wait for.
 */
export function endHooked(run: Run, of: Hooked, exitHook: ExitHook | undefined): boolean {
  const state = hookStateOf(run, of);
  startExitHook(run, of, exitHook);
  for (const { name, hook, trouble } of takeTroubled(state)) {
    openHook(run, of);
    failUnstarted(run, unstartedCall(run, of, { name, template: hook.template }), trouble ?? "");
  }
  state.over = true;
  return state.open === 0;
}

function unstartedCall(
  run: Run,
  of: Hooked,
  { name, template }: { readonly name: string; readonly template: string | undefined },
): Call {
  const boundary = boundaryOf(of);
  return {
    name: `${nodeOf(run, of)?.name ?? run.key.name}.hooks.${name}`,
    use: { template },
    args: noArguments,
    boundary,
    owner: ownerOf(of),
    depth: (boundary?.depth ?? 0) + 1,
    exiting: false,
    hooked: true,
    wantsResult: false,
  };
}

/** Runs the exit handler of what ended, also after a Stop and past the deadline, but not after a Terminate. */
function startExitHook(run: Run, of: Hooked, exitHook: ExitHook | undefined): void {
  const node = nodeOf(run, of);
  const ownError = of.kind === "call" ? of.call.error : undefined;
  if (exitHook === undefined || run.shutdown?.strategy === "Terminate" || run.deleted) return;
  if (of.kind !== "run" && (node === undefined || !isCompleted(node) || ownError !== undefined)) return;
  const name = `${node?.name ?? run.key.name}.onExit`;
  const owner: Owner = of.kind === "run" ? { kind: "run-exit" } : ownerOf(of);
  const { expression } = exitHook.hook;
  try {
    if (expression !== undefined && expression !== "" && !hookHolds(expression, scopeOf(run, of))) return;
  } catch (error) {
    openHook(run, of);
    const call = unstartedCall(run, of, { name: "exit", template: exitHook.hook.template });
    failUnstarted(run, { ...call, name, owner }, failureText(error));
    return;
  }
  openHook(run, of);
  startHookCall(run, { of, name, exitHook, owner, exiting: true });
}
