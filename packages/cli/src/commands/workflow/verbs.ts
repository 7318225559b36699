// What is done to workflows: stop, terminate, suspend, resume, retry, resubmit, delete. Each says what became of each
// workflow; one that is refused keeps the others from nothing.
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { pairsOf, printEach } from "../output.ts";
import { pathIn } from "./names.ts";
import {
  type Chosen,
  chosenOf,
  type Fitting,
  type SelectionOptions,
  type Target,
  titleOf,
} from "./selection.ts";
import { followAll } from "./submit.ts";
import { priorityOf } from "./submit-from.ts";

interface Dry {
  readonly dryRun?: boolean;
}

/** Requests under way at once. */
const atOnce = 8;

interface Doing {
  /** "stopped": what is said of each. */
  readonly done: string;
  readonly act: (target: Target) => Promise<unknown>;
  /** Said of each instead of `workflow NAME <done>`. */
  readonly line?: (target: Target, result: unknown) => string;
}

/** Does it to each, or only says to which it would be done. */
async function doEach(
  context: CliContext,
  { targets, many }: Chosen,
  { dryRun, done, act, line }: Doing & Dry,
): Promise<void> {
  if (targets.length === 0 && !context.json) context.note("there are no such workflows");
  const title = (target: Target) => titleOf(context, target);
  await printEach(
    context,
    targets,
    async (target) => {
      if (dryRun === true)
        return { result: { ...target, dryRun }, line: `workflow ${title(target)} ${done} (dry-run)` };
      const result = await act(target);
      return { result, line: line?.(target, result) ?? `workflow ${title(target)} ${done}` };
    },
    { asList: many, nameOf: (target) => `workflow ${title(target)}`, atOnce },
  );
}

const put = (context: CliContext, { namespace, name }: Target, verb: string, body: object) =>
  context.client.request<WorkflowObject>("PUT", `${pathIn(namespace, name)}/${verb}`, {
    body: { name, namespace, ...body },
  });

export interface VerbOptions extends SelectionOptions, Dry {
  readonly message?: string;
  readonly nodeFieldSelector?: string;
}

const pastOf = { stop: "stopped", terminate: "terminated", suspend: "suspended", resume: "resumed" } as const;

/** Of those that options choose, only what has not ended: the others have nothing to stop or to resume. */
export const verb =
  (action: keyof typeof pastOf) =>
  async (
    context: CliContext,
    names: readonly string[],
    { message, nodeFieldSelector, dryRun, ...options }: VerbOptions,
  ): Promise<void> =>
    doEach(context, await chosenOf(context, names, { options, fitting: "unfinished" }), {
      ...(dryRun === undefined ? {} : { dryRun }),
      done: pastOf[action],
      act: (target) => put(context, target, action, { message, nodeFieldSelector }),
    });

export interface AgainOptions extends SelectionOptions, Dry {
  readonly parameter: readonly string[];
  readonly restartSuccessful?: boolean;
  readonly nodeFieldSelector?: string;
  readonly memoized?: boolean;
  readonly priority?: string;
  readonly wait?: boolean;
  readonly watch?: boolean;
  readonly log?: boolean;
  readonly output?: "json" | "yaml" | "wide" | "name";
}

/** `retry` goes on with a workflow under its name; `resubmit` starts another of the same manifest. */
export const again =
  (action: "retry" | "resubmit") =>
  async (context: CliContext, names: readonly string[], options: AgainOptions): Promise<void> => {
    const {
      restartSuccessful,
      nodeFieldSelector,
      memoized,
      priority,
      dryRun,
      parameter: parameters,
    } = options;
    pairsOf("--parameter", parameters);
    const asked = {
      ...{ restartSuccessful, nodeFieldSelector, memoized, parameters },
      ...(priority === undefined ? {} : { priority: priorityOf(priority) }),
    };
    const started: WorkflowObject[] = [];
    const chosen = await chosenOf(context, names, { options, fitting: fittingOf(action, options) });
    const json = context.json || options.output === "json";
    const follows =
      dryRun !== true && (options.wait === true || options.watch === true || options.log === true);
    // One JSON value: where they are followed, it is how they ended.
    const own: CliContext = { ...context, json, ...(json && follows ? { out: () => {} } : {}) };
    try {
      await doEach(own, chosen, {
        ...(dryRun === undefined ? {} : { dryRun }),
        done: action === "retry" ? "retried" : "resubmitted",
        act: async (target) => {
          const workflow = await put(context, target, action, asked);
          started.push(workflow);
          return workflow;
        },
        line: (target, result) => lineOf(context, { action, target, output: options.output }, result),
      });
    } finally {
      if (follows) await followAll({ ...context, json }, started, options);
    }
  };

/** Of those that options choose: what can be tried again at all. */
function fittingOf(action: "retry" | "resubmit", options: AgainOptions): Fitting {
  if (action === "resubmit") return options.memoized === true ? "failed" : "any";
  return options.restartSuccessful === true ? "finished" : "failed";
}

interface Line {
  readonly action: "retry" | "resubmit";
  readonly target: Target;
  readonly output: AgainOptions["output"];
}

function lineOf(context: CliContext, { action, target, output }: Line, result: unknown): string {
  const { name, namespace } = (result as WorkflowObject).metadata;
  if (output === "name") return name;
  if (action === "retry") return `workflow ${titleOf(context, target)} tried again`;
  return `workflow ${titleOf(context, { name, namespace })} submitted`;
}

export async function remove(
  context: CliContext,
  names: readonly string[],
  { dryRun, ...options }: SelectionOptions & Dry,
): Promise<void> {
  await doEach(context, await chosenOf(context, names, { options }), {
    ...(dryRun === undefined ? {} : { dryRun }),
    done: "deleted",
    act: async ({ namespace, name }) => {
      await context.client.request("DELETE", pathIn(namespace, name));
      return { ...(namespace === context.namespace ? {} : { namespace }), name, deleted: true };
    },
  });
}
