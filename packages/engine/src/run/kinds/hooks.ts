import { noArguments, renderArguments } from "../../template/arguments.ts";
import { workflowArtifacts } from "../../template/artifacts.ts";
import { globalsOf } from "../../values/globals.ts";
import { failureText } from "../../values/language.ts";
import { itemPart, Scope } from "../../values/scope.ts";
import { failCall, startCall } from "../call.ts";
import { boundaryScope } from "../scopes.ts";
import type { Boundary, Call, ExitHook, RenderedArguments } from "../state/frames.ts";
import { isCompleted } from "../state/node.ts";
import type { Run } from "../state/run.ts";

interface HookOf {
  readonly name: string;
  readonly exitHook: ExitHook;
  readonly boundary: Boundary | undefined;
  readonly exiting: boolean;
}

/** The call of an exit handler: `<node>.onExit`. `error` is set when its arguments could not be made. */
export function hookCall(run: Run, of: HookOf): Call {
  const { hook, workflowArguments, item } = of.exitHook;
  let args: RenderedArguments = noArguments;
  let error: string | undefined;
  try {
    const scope =
      of.boundary === undefined ? new Scope(run.now, globalsOf(run)) : boundaryScope(run, of.boundary);
    args = workflowArguments
      ? { values: run.parameters, absent: new Map(), artifacts: workflowArtifacts(run) }
      : renderArguments(hook.arguments, item === undefined ? scope : scope.with(itemPart(item.value)));
  } catch (thrown) {
    error = failureText(thrown);
  }
  return {
    name: `${of.name}.onExit`,
    use: { template: hook.template, templateRef: hook.templateRef },
    args,
    boundary: of.boundary,
    owner: { kind: "run-exit" },
    depth: (of.boundary?.depth ?? 0) + 1,
    exiting: of.exiting,
    hooked: true,
    wantsResult: false,
    ...(error === undefined ? {} : { error }),
  };
}

/** Runs the exit handler of a call that ended; false when it has none to run. */
export function startExitHook(run: Run, call: Call): boolean {
  const { exitHook, node } = call;
  if (exitHook === undefined || node === undefined || !isCompleted(node) || call.error !== undefined)
    return false;
  if (run.shutdown?.strategy === "Terminate") return false;
  const hook: Call = {
    ...hookCall(run, { name: call.name, exitHook, boundary: call.boundary, exiting: call.exiting }),
    owner: { kind: "hook", of: call },
  };
  if (hook.error === undefined) startCall(run, hook);
  else failUnstarted(run, hook, hook.error);
  return true;
}

function failUnstarted(run: Run, hook: Call, error: string): void {
  if (hook.boundary !== undefined) hook.boundary.open += 1;
  failCall(run, hook, error);
}
