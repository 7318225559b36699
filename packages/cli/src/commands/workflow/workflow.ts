// Looking at workflows: list, get, watch, wait.
import { formatDuration, hasCode } from "@sluice/base";
import { isFinished, phaseOf, type WorkflowObject } from "../../client/workflow-object.ts";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
import { durationOf, paint, renderTree, renderWorkflow, type ViewOptions } from "../../render/workflow.ts";
import { formatted, integerOf, type OutputFormat } from "../output.ts";
import { drawWorkflow, followWorkflow } from "./live-tree.ts";
import { listPathOf, nameOf, pathIn, type WorkflowList } from "./names.ts";
import { nodeTestOf } from "./node-test.ts";
import { chosenOf, queryOf, type SelectionOptions, titleOf, within } from "./selection.ts";

export interface ListOptions extends SelectionOptions {
  readonly limit: string;
  /** Answers are asked for so many at a time; 0 = all at once. */
  readonly chunkSize?: string;
  readonly headers?: boolean;
  readonly output?: OutputFormat;
}

export const list = (context: CliContext, _args: readonly string[], options: ListOptions): Promise<void> => {
  const namespace = options.allNamespaces === true ? "" : context.namespace;
  return listFrom(context, options, { path: listPathOf(namespace), empty: "workflows" });
};

/** A list from one of the paths that give workflows. */
export async function listFrom(
  context: CliContext,
  options: ListOptions,
  { path, empty }: { readonly path: string; readonly empty: string },
): Promise<void> {
  const limit = integerOf("--limit", options.limit, { min: 1, max: 10_000 });
  const answer = await listed(context, { path, limit, options });
  const items = answer.items ?? [];
  // What scripts for Argo's command line read is a list of workflows; `--json` is the API's answer.
  const value = options.output === "json" || options.output === "yaml" ? items : answer;
  const text = await formatted(value, options.output, context.json);
  if (text !== undefined) return context.out(text);
  if (options.output === "name") for (const item of items) context.out(item.metadata.name);
  else if (items.length === 0)
    context.note(
      `no ${empty} in ${options.allNamespaces === true ? "any namespace" : `namespace '${context.namespace}'`}`,
    );
  else context.out(listTable(context, items, options));
  if (answer.metadata?.continue !== undefined && answer.metadata.continue !== "")
    context.note(`there are more; --limit ${limit} was reached`);
}

interface Listing {
  readonly path: string;
  readonly limit: number;
  readonly options: ListOptions;
}

/** In one request, or in several of `--chunk-size`. */
async function listed(context: CliContext, { path, limit, options }: Listing): Promise<WorkflowList> {
  const query = queryOf(context, options);
  const chunk = integerOf("--chunk-size", options.chunkSize ?? "0", { min: 0, max: 10_000 }) || limit;
  const items: WorkflowObject[] = [];
  let page: WorkflowList | undefined;
  do {
    page = await context.client.request<WorkflowList>("GET", path, {
      query: {
        // The archive has no namespace in its path.
        ...(options.allNamespaces === true ? {} : { namespace: context.namespace }),
        ...query,
        "listOptions.limit": Math.min(chunk, limit - items.length),
        "listOptions.continue": page?.metadata?.continue,
      },
    });
    items.push(...(page.items ?? []));
  } while (items.length < limit && (page.metadata?.continue ?? "") !== "");
  return { ...page, items };
}

function listTable(
  context: CliContext,
  items: readonly WorkflowObject[],
  { allNamespaces: withNamespace = false, headers, output }: ListOptions,
): string {
  const now = context.clock.now();
  const wide = output === "wide";
  const rows = items.map((workflow) => [
    ...(withNamespace ? [workflow.metadata.namespace] : []),
    workflow.metadata.name,
    paint(phaseOf(workflow), context.palette)(phaseOf(workflow)),
    ageOf(workflow, now),
    durationOf(workflow.status ?? {}, now) ?? "-",
    String(workflow.spec.priority ?? 0),
    workflow.status?.progress ?? "-",
    ...(wide ? [oneLine(parametersOf(workflow), 40), workflow.metadata.uid ?? ""] : []),
    oneLine(workflow.status?.message ?? "", 80),
  ]);
  const header = [
    ...(withNamespace ? ["NAMESPACE"] : []),
    ...["NAME", "STATUS", "AGE", "DURATION", "PRIORITY", "PROGRESS"],
    ...(wide ? ["PARAMETERS", "UID"] : []),
    "MESSAGE",
  ];
  return renderTable(headers === false ? undefined : header, rows, context.width);
}

const parametersOf = (workflow: WorkflowObject): string =>
  (workflow.spec.arguments?.parameters ?? []).map(({ name, value }) => `${name}=${value ?? ""}`).join(",");

const ageOf = (workflow: WorkflowObject, now: number): string => {
  const created = workflow.metadata.creationTimestamp;
  return created === undefined ? "-" : formatDuration(Math.max(0, now - Date.parse(created)));
};

export interface ViewedNodes {
  /** Only nodes of these phases, and what leads to them. */
  readonly status?: string;
  readonly nodeFieldSelector?: string;
}

export interface GetOptions
  extends Pick<SelectionOptions, "selector" | "fieldSelector" | "allNamespaces">,
    ViewedNodes {
  readonly output?: OutputFormat | "short";
  readonly utf8?: boolean;
}

export async function get(
  context: CliContext,
  names: readonly string[],
  { selector, fieldSelector, allNamespaces, output, utf8, ...nodes }: GetOptions,
): Promise<void> {
  const options = definedOf({ selector, fieldSelector, allNamespaces });
  const { targets, many } = await chosenOf(context, names, { options });
  const view = viewOf(context, nodes, { wide: output === "wide", ascii: utf8 === false });
  const found: WorkflowObject[] = [];
  for (const { namespace, name } of targets)
    found.push(await context.client.request<WorkflowObject>("GET", pathIn(namespace, name)));
  if (output === "json" || context.json)
    context.out(JSON.stringify(found.length === 1 && !many ? found[0] : found, null, 2));
  else if (found.length === 0) context.note("there are no such workflows");
  else if (output === "name") for (const { metadata } of found) context.out(metadata.name);
  else if (output === "yaml") {
    const texts = await Promise.all(found.map((workflow) => formatted(workflow, "yaml", false)));
    context.out(texts.join("\n---\n"));
  } else if (output === "short")
    context.out(found.map((workflow) => renderTree(workflow, view)).join("\n\n"));
  else context.out(found.map((workflow) => renderWorkflow(workflow, view)).join("\n\n"));
}

export async function watch(
  context: CliContext,
  [given = ""]: readonly string[],
  { utf8, ...nodes }: ViewedNodes & { readonly utf8?: boolean } = {},
): Promise<void> {
  const name = await nameOf(context, given);
  const { nodeTest, ascii } = viewOf(context, nodes, { wide: false, ascii: utf8 === false });
  if (!context.json) return endWith(await drawWorkflow(context, name, { nodeTest, ascii }));
  endWith(await followWorkflow(context, name, (workflow) => context.out(JSON.stringify(workflow))));
}

/** How a workflow is drawn. Errors: CLI_USAGE for a status or a selector that is none. */
export function viewOf(
  { palette, clock, width }: CliContext,
  nodes: ViewedNodes,
  shape: { readonly wide: boolean; readonly ascii: boolean },
): ViewOptions {
  return { palette, now: clock.now(), columns: width, nodeTest: nodeTestOf(nodes), ...shape };
}

export interface WaitOptions
  extends Pick<SelectionOptions, "selector" | "fieldSelector" | "prefix" | "allNamespaces"> {
  readonly ignoreNotFound?: boolean;
}

/** The exit code tells how they ended; one that is not there is an error, unless it may be gone. */
export async function wait(
  context: CliContext,
  names: readonly string[],
  { ignoreNotFound, ...options }: WaitOptions,
): Promise<void> {
  const { targets, many } = await chosenOf(context, names, { options });
  const ended = await Promise.all(
    targets.map(async ({ namespace, name }) => {
      try {
        return await followWorkflow(within(context, namespace), name, () => {});
      } catch (error) {
        if (ignoreNotFound === true && hasCode(error, "ENGINE_RUN_NOT_FOUND")) return undefined;
        throw error;
      }
    }),
  );
  const there = ended.filter((workflow) => workflow !== undefined);
  if (context.json) context.out(JSON.stringify(there.length === 1 && !many ? there[0] : there));
  else
    for (const workflow of there) context.out(`${titleOf(context, workflow.metadata)} ${phaseOf(workflow)}`);
  for (const workflow of there) endWith(workflow);
}

const definedOf = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

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
