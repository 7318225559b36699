// The verbs on workflows: list, get, watch, wait, stop, terminate, suspend, resume, delete.
import { formatDuration } from "@sluice/base";
import { isFinished, phaseOf, type WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
import { durationOf, oneLine, paint, renderWorkflow } from "../../render/workflow.ts";
import { formatted, integerOf, type OutputFormat } from "../output.ts";
import { drawWorkflow, followWorkflow } from "./live-tree.ts";

export interface ListOptions {
  readonly allNamespaces?: boolean;
  readonly status?: string;
  readonly running?: boolean;
  readonly completed?: boolean;
  readonly selector?: string;
  readonly prefix?: string;
  readonly limit: string;
  readonly output?: OutputFormat;
}

interface WorkflowList {
  readonly items: readonly WorkflowObject[] | null;
  readonly metadata?: { readonly continue?: string };
}

export async function list(
  context: CliContext,
  _args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const limit = integerOf("--limit", options.limit, { min: 1, max: 10_000 });
  const namespace = options.allNamespaces === true ? "" : context.namespace;
  const answer = await context.client.request<WorkflowList>("GET", `/api/v1/workflows/${namespace}`, {
    query: {
      "listOptions.labelSelector": selectorOf(options),
      "listOptions.limit": limit,
      ...(options.prefix === undefined
        ? {}
        : { nameFilter: "Prefix", "listOptions.fieldSelector": `metadata.name=${options.prefix}` }),
    },
  });
  const items = answer.items ?? [];
  const text = await formatted(answer, options.output, context.json);
  if (text !== undefined) context.out(text);
  else if (options.output === "name") for (const item of items) context.out(item.metadata.name);
  else if (items.length === 0)
    context.note(`no workflows in ${namespace === "" ? "any namespace" : `namespace '${namespace}'`}`);
  else context.out(listTable(context, items, options.allNamespaces === true));
  if (answer.metadata?.continue !== undefined && answer.metadata.continue !== "")
    context.note(`there are more; --limit ${limit} was reached`);
}

function selectorOf(options: ListOptions): string | undefined {
  const parts = [];
  if (options.selector !== undefined) parts.push(options.selector);
  if (options.status !== undefined) parts.push(`workflows.argoproj.io/phase in (${options.status})`);
  if (options.running === true) parts.push("workflows.argoproj.io/completed!=true");
  if (options.completed === true) parts.push("workflows.argoproj.io/completed=true");
  return parts.length === 0 ? undefined : parts.join(",");
}

function listTable(context: CliContext, items: readonly WorkflowObject[], withNamespace: boolean): string {
  const now = context.clock.now();
  const rows = items.map((workflow) => [
    ...(withNamespace ? [workflow.metadata.namespace] : []),
    workflow.metadata.name,
    paint(phaseOf(workflow), context.palette)(phaseOf(workflow)),
    ageOf(workflow, now),
    durationOf(workflow.status ?? {}, now) ?? "-",
    workflow.status?.progress ?? "-",
    oneLine(workflow.status?.message ?? "", 80),
  ]);
  const header = ["NAME", "STATUS", "AGE", "DURATION", "PROGRESS", "MESSAGE"];
  return renderTable(withNamespace ? ["NAMESPACE", ...header] : header, rows);
}

const ageOf = (workflow: WorkflowObject, now: number): string => {
  const created = workflow.metadata.creationTimestamp;
  return created === undefined ? "-" : formatDuration(Math.max(0, now - Date.parse(created)));
};

export async function get(
  context: CliContext,
  [given = ""]: readonly string[],
  options: { readonly output?: OutputFormat },
): Promise<void> {
  const name = await nameOf(context, given);
  const workflow = await context.client.request<WorkflowObject>("GET", pathOf(context, name));
  const text = await formatted(workflow, options.output, context.json);
  if (options.output === "name") context.out(workflow.metadata.name);
  else
    context.out(
      text ??
        renderWorkflow(workflow, {
          palette: context.palette,
          now: context.clock.now(),
          wide: options.output === "wide",
        }),
    );
}

export async function watch(context: CliContext, [given = ""]: readonly string[]): Promise<void> {
  const name = await nameOf(context, given);
  if (!context.json) return endWith(await drawWorkflow(context, name));
  endWith(await followWorkflow(context, name, (workflow) => context.out(JSON.stringify(workflow))));
}

export async function wait(context: CliContext, names: readonly string[]): Promise<void> {
  const ended = await Promise.all(
    names.map(async (given) => followWorkflow(context, await nameOf(context, given), () => {})),
  );
  for (const workflow of ended)
    context.out(context.json ? JSON.stringify(workflow) : `${workflow.metadata.name} ${phaseOf(workflow)}`);
  for (const workflow of ended) endWith(workflow);
}

/** Errors: CLI_WORKFLOW_FAILED when it did not succeed, so that scripts see it. */
export function endWith(workflow: WorkflowObject): void {
  if (!isFinished(workflow) || phaseOf(workflow) === "Succeeded") return;
  throw CliError.WORKFLOW_FAILED({
    name: workflow.metadata.name,
    phase: phaseOf(workflow),
    reason: workflow.status?.message ?? "",
  });
}

export interface VerbOptions {
  readonly message?: string;
  readonly nodeFieldSelector?: string;
}

const pastOf = { stop: "stopped", terminate: "terminated", suspend: "suspended", resume: "resumed" } as const;

export const verb =
  (action: keyof typeof pastOf) =>
  async (context: CliContext, names: readonly string[], options: VerbOptions): Promise<void> => {
    for (const given of names) {
      const name = await nameOf(context, given);
      const workflow = await context.client.request<WorkflowObject>(
        "PUT",
        `${pathOf(context, name)}/${action}`,
        {
          body: {
            name,
            namespace: context.namespace,
            ...(options.message === undefined ? {} : { message: options.message }),
            ...(options.nodeFieldSelector === undefined
              ? {}
              : { nodeFieldSelector: options.nodeFieldSelector }),
          },
        },
      );
      context.out(context.json ? JSON.stringify(workflow) : `workflow ${name} ${pastOf[action]}`);
    }
  };

export async function remove(
  context: CliContext,
  names: readonly string[],
  options: { readonly completed?: boolean; readonly all?: boolean },
): Promise<void> {
  const chosen = [...names];
  if (options.all === true || options.completed === true) {
    const query =
      options.all === true ? {} : { "listOptions.labelSelector": "workflows.argoproj.io/completed=true" };
    const answer = await context.client.request<WorkflowList>(
      "GET",
      `/api/v1/workflows/${context.namespace}`,
      { query },
    );
    chosen.push(...(answer.items ?? []).map((item) => item.metadata.name));
  }
  if (names.length === 0 && options.all !== true && options.completed !== true)
    throw CliError.USAGE({ problem: "name the workflows to delete, or say --completed or --all" });
  for (const given of new Set(chosen)) {
    const name = await nameOf(context, given);
    await context.client.request("DELETE", pathOf(context, name));
    context.out(context.json ? JSON.stringify({ name, deleted: true }) : `workflow ${name} deleted`);
  }
}

export const pathOf = (context: CliContext, name: string): string =>
  `/api/v1/workflows/${encodeURIComponent(context.namespace)}/${encodeURIComponent(name)}`;

/** `@latest` is the newest workflow of the namespace. */
export async function nameOf(context: CliContext, given: string): Promise<string> {
  if (given !== "@latest") return given;
  const answer = await context.client.request<WorkflowList>("GET", `/api/v1/workflows/${context.namespace}`);
  const newest = [...(answer.items ?? [])].sort((a, b) =>
    (b.metadata.creationTimestamp ?? "").localeCompare(a.metadata.creationTimestamp ?? ""),
  )[0];
  if (newest === undefined)
    throw CliError.NOTHING_FOUND({ wanted: "workflow", where: `namespace '${context.namespace}'` });
  return newest.metadata.name;
}
