// What is done to workflows: stop, terminate, suspend, resume, delete, and values for a waiting node.
import type { WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { pairsOf, printEach } from "../output.ts";
import { listPathOf, nameOf, pathOf, type WorkflowList } from "./names.ts";
import { followAll } from "./submit.ts";

export interface VerbOptions {
  readonly message?: string;
  readonly nodeFieldSelector?: string;
}

const pastOf = { stop: "stopped", terminate: "terminated", suspend: "suspended", resume: "resumed" } as const;

export const verb =
  (action: keyof typeof pastOf) =>
  async (context: CliContext, names: readonly string[], options: VerbOptions): Promise<void> =>
    printEach(context, names, async (given) => {
      const name = await nameOf(context, given);
      const result = await context.client.request<WorkflowObject>(
        "PUT",
        `${pathOf(context, name)}/${action}`,
        { body: { name, namespace: context.namespace, ...options } },
      );
      return { result, line: `workflow ${name} ${pastOf[action]}` };
    });

export interface AgainOptions {
  readonly parameter: readonly string[];
  readonly restartSuccessful?: boolean;
  readonly nodeFieldSelector?: string;
  readonly memoized?: boolean;
  readonly wait?: boolean;
  readonly watch?: boolean;
  readonly log?: boolean;
}

/** `retry` goes on with a workflow under its name; `resubmit` starts another of the same manifest. */
export const again =
  (action: "retry" | "resubmit") =>
  async (
    context: CliContext,
    names: readonly string[],
    { parameter, restartSuccessful, nodeFieldSelector, memoized, ...follow }: AgainOptions,
  ): Promise<void> => {
    pairsOf("--parameter", parameter);
    const started: WorkflowObject[] = [];
    const asked = { restartSuccessful, nodeFieldSelector, memoized, parameters: parameter };
    await printEach(context, names, async (given) => {
      const name = await nameOf(context, given);
      const result = await context.client.request<WorkflowObject>(
        "PUT",
        `${pathOf(context, name)}/${action}`,
        { body: { name, namespace: context.namespace, ...asked } },
      );
      started.push(result);
      const line =
        action === "retry" ? `workflow ${name} tried again` : `workflow ${result.metadata.name} submitted`;
      return { result, line };
    });
    await followAll(context, started, follow);
  };

export interface SetOptions {
  readonly outputParameter: readonly string[];
  readonly nodeFieldSelector?: string;
  readonly phase?: string;
  readonly message?: string;
}

/** Gives a waiting suspend node its outputs, its phase or a message. Errors: CLI_USAGE, those of the API. */
export async function setNode(
  context: CliContext,
  [given = ""]: readonly string[],
  { outputParameter, ...options }: SetOptions,
): Promise<void> {
  if (options.nodeFieldSelector === undefined)
    throw CliError.USAGE({ problem: "say which node: --node-field-selector displayName=approve" });
  if (outputParameter.length === 0 && options.phase === undefined && options.message === undefined)
    throw CliError.USAGE({ problem: "say what to set: -p name=value, --phase or --message" });
  const name = await nameOf(context, given);
  const workflow = await context.client.request("PUT", `${pathOf(context, name)}/set`, {
    body: {
      name,
      namespace: context.namespace,
      ...options,
      ...(outputParameter.length === 0
        ? {}
        : { outputParameters: JSON.stringify(pairsOf("--output-parameter", outputParameter)) }),
    },
  });
  context.out(context.json ? JSON.stringify(workflow) : `workflow ${name} set`);
}

export interface RemoveOptions {
  readonly completed?: boolean;
  readonly all?: boolean;
}

export async function remove(
  context: CliContext,
  names: readonly string[],
  options: RemoveOptions,
): Promise<void> {
  const many = options.all === true || options.completed === true;
  if (names.length === 0 && !many)
    throw CliError.USAGE({ problem: "name the workflows to delete, or say --completed or --all" });
  const chosen = [...new Set([...names, ...(many ? await namesOf(context, options) : [])])];
  if (chosen.length === 0 && !context.json) context.note("there is nothing to delete");
  await printEach(
    context,
    chosen,
    async (given) => {
      const name = await nameOf(context, given);
      await context.client.request("DELETE", pathOf(context, name));
      return { result: { name, deleted: true }, line: `workflow ${name} deleted` };
    },
    { asList: many },
  );
}

async function namesOf(context: CliContext, options: RemoveOptions): Promise<readonly string[]> {
  const found: string[] = [];
  let next: string | undefined;
  do {
    const page: WorkflowList = await context.client.request("GET", listPathOf(context.namespace), {
      query: {
        fields: "items.metadata.name,metadata",
        "listOptions.labelSelector":
          options.all === true ? undefined : "workflows.argoproj.io/completed=true",
        "listOptions.continue": next,
      },
    });
    found.push(...(page.items ?? []).map((item) => item.metadata.name));
    next = page.metadata?.continue;
  } while (next !== undefined && next !== "");
  return found;
}
