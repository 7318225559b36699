// What is done to workflows: stop, terminate, suspend, resume, delete (again.ts: retry, resubmit). Each says what became of each
// workflow; one that is refused keeps the others from nothing.
import { hasCode } from "@sluice/base";
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { printEach } from "../output.ts";
import { pathIn } from "./names.ts";
import { type Chosen, chosenOf, type SelectionOptions, type Target, titleOf } from "./selection.ts";

export interface Dry {
  readonly dryRun?: boolean;
}

/** Requests under way at once. */
const atOnce = 8;

interface Doing {
  /** "stopped": what is said of each. */
  readonly done: string;
  readonly act: (target: Target) => Promise<unknown>;
  /** How one is called in what is said; default `workflow NAME`. */
  readonly called?: (title: string) => string;
  /** Said of each instead of `workflow NAME <done>`. */
  readonly line?: (target: Target, result: unknown) => string;
}

/** Does it to each, or only says to which it would be done. */
export async function doEach(
  context: CliContext,
  { targets, many }: Chosen,
  { dryRun, done, act, line, called = (title) => `workflow ${title}` }: Doing & Dry,
): Promise<void> {
  if (targets.length === 0 && !context.json) context.note("there are no such workflows");
  const title = (target: Target) => called(titleOf(context, target));
  await printEach(
    context,
    targets,
    async (target) => {
      if (dryRun === true)
        return { result: { ...target, dryRun }, line: `${title(target)} ${done} (dry-run)` };
      const result = await act(target);
      return { result, line: line?.(target, result) ?? `${title(target)} ${done}` };
    },
    { asList: many, nameOf: title, atOnce },
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

/** Deletes each; one that is not there is said, and is no failure: nothing is left to do. */
export async function remove(
  context: CliContext,
  names: readonly string[],
  { dryRun, ...options }: SelectionOptions & Dry,
): Promise<void> {
  await doEach(context, await chosenOf(context, names, { options }), {
    ...(dryRun === undefined ? {} : { dryRun }),
    done: "deleted",
    called,
    act: async ({ namespace, name }) => {
      const deleted = await wasThere(context.client.request("DELETE", pathIn(namespace, name)));
      return { ...(namespace === context.namespace ? {} : { namespace }), name, deleted };
    },
    line: (target, result) =>
      `${called(titleOf(context, target))} ${(result as { deleted: boolean }).deleted ? "deleted" : "not found"}`,
  });
}

const called = (title: string): string => `Workflow '${title}'`;

async function wasThere(asked: Promise<unknown>): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) return false;
    throw error;
  }
}
