// Looking at workflows: list, get, watch, wait.
import { formatDuration, parseSecondsOrDuration } from "@sluice/base";
import { isFinished, phaseOf, type WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
import { durationOf, paint, renderWorkflow } from "../../render/workflow.ts";
import { formatted, integerOf, type OutputFormat } from "../output.ts";
import { drawWorkflow, followWorkflow } from "./live-tree.ts";
import { listPathOf, nameOf, pathOf, type WorkflowList } from "./names.ts";

export interface ListOptions {
  readonly allNamespaces?: boolean;
  readonly status?: string;
  readonly running?: boolean;
  readonly completed?: boolean;
  readonly selector?: string;
  readonly prefix?: string;
  readonly since?: string;
  readonly older?: string;
  readonly template?: string;
  readonly cause?: string;
  readonly limit: string;
  readonly output?: OutputFormat;
}

export async function list(
  context: CliContext,
  _args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const limit = integerOf("--limit", options.limit, { min: 1, max: 10_000 });
  const namespace = options.allNamespaces === true ? "" : context.namespace;
  const answer = await context.client.request<WorkflowList>("GET", listPathOf(namespace), {
    query: {
      "listOptions.labelSelector": selectorOf(options),
      "listOptions.limit": limit,
      createdAfter: timeBefore(context, "--since", options.since),
      finishedBefore: timeBefore(context, "--older", options.older),
      template: options.template,
      cause: options.cause,
      ...(options.prefix === undefined
        ? {}
        : { nameFilter: "Prefix", "listOptions.fieldSelector": `metadata.name=${options.prefix}` }),
    },
  });
  const items = answer.items ?? [];
  const text = await formatted(answer, options.output, context.json);
  if (text !== undefined) return context.out(text);
  if (options.output === "name") for (const item of items) context.out(item.metadata.name);
  else if (items.length === 0)
    context.note(`no workflows in ${namespace === "" ? "any namespace" : `namespace '${namespace}'`}`);
  else context.out(listTable(context, items, options.allNamespaces === true));
  if (answer.metadata?.continue !== undefined && answer.metadata.continue !== "")
    context.note(`there are more; --limit ${limit} was reached`);
}

/** The moment that was so long ago. Errors: CLI_USAGE. */
function timeBefore(context: CliContext, option: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseSecondsOrDuration(text) : Number(days) * 86_400_000;
  if (ms === undefined)
    throw CliError.USAGE({ problem: `${option} takes a duration such as 2h or 7d, not '${text}'` });
  return new Date(context.clock.now() - ms).toISOString();
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
  return renderTable(withNamespace ? ["NAMESPACE", ...header] : header, rows, context.width);
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
  if (text !== undefined) return context.out(text);
  if (options.output === "name") return context.out(workflow.metadata.name);
  const { palette, clock, width } = context;
  const wide = options.output === "wide";
  context.out(renderWorkflow(workflow, { palette, now: clock.now(), wide, columns: width }));
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
  if (context.json) context.out(JSON.stringify(ended.length === 1 ? ended[0] : ended));
  else for (const workflow of ended) context.out(`${workflow.metadata.name} ${phaseOf(workflow)}`);
  for (const workflow of ended) endWith(workflow);
}

/** Errors: CLI_WORKFLOW_FAILED when it did not succeed, so that scripts see it. */
export function endWith(workflow: WorkflowObject): void {
  if (phaseOf(workflow) === "Succeeded") return;
  throw CliError.WORKFLOW_FAILED({
    name: workflow.metadata.name,
    // It is followed to its end; when it has none, it was deleted.
    phase: isFinished(workflow) ? phaseOf(workflow) : "Deleted",
    reason: workflow.status?.message ?? "",
  });
}
