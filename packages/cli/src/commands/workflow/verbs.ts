// What is done to workflows: stop, terminate, suspend, resume, delete (again.ts: retry, resubmit). Each says what became of each
// workflow; one that is refused keeps the others from nothing.
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
  /** Said of each instead of `workflow NAME <done>`. */
  readonly line?: (target: Target, result: unknown) => string;
}

/** Does it to each, or only says to which it would be done. */
export async function doEach(
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
