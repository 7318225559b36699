// Cron workflows: create, update, list, get, delete, suspend, resume, lint.
import { formatDuration, isObject } from "@sluice/base";
import type { CronObject } from "@sluice/engine";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { labelled, renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
import { checkedDocuments, type LintOptions, lint as lintFiles } from "../manifests/lint.ts";
import { type Done, formatted, type OutputFormat, pairsOf, printEach } from "../output.ts";

const base = "/api/v1/cron-workflows";

export const pathOf = (context: CliContext, name?: string): string =>
  [base, context.namespace, ...(name === undefined ? [] : [name])]
    .map((part, i) => (i === 0 ? part : encodeURIComponent(part)))
    .join("/");

interface Draft {
  metadata: Record<string, unknown>;
  spec: Record<string, unknown>;
}

export interface StoreOptions {
  readonly schedule?: string;
  readonly name?: string;
  /** Beginning of a name that is made here. */
  readonly generateName?: string;
  readonly labels?: string;
  readonly parameter?: readonly string[];
  readonly output?: OutputFormat;
}

/** Stores every CronWorkflow of the files. Errors: CLI_INVALID_MANIFESTS, those of the API. */
export const store =
  (verb: "create" | "update") =>
  async (context: CliContext, files: readonly string[], options: StoreOptions): Promise<void> => {
    const documents = await checkedDocuments(context, files);
    const drafts = documents
      .filter((document) => document.kind === "CronWorkflow")
      .map(({ manifest }) => withOverrides(context, manifest as Draft, options));
    if (drafts.length === 0)
      throw CliError.NOTHING_FOUND({ wanted: "CronWorkflow", where: files.join(", ") });
    await printEach(
      context,
      drafts.map((_, i) => String(i)),
      (i) => send(context, verb, drafts[Number(i)] as Draft, options),
    );
  };

async function send(
  context: CliContext,
  verb: "create" | "update",
  draft: Draft,
  options: StoreOptions,
): Promise<Done> {
  const cronWorkflow = { ...draft, metadata: { ...draft.metadata, namespace: context.namespace } };
  const result = await context.client.request<CronObject>(
    verb === "create" ? "POST" : "PUT",
    pathOf(context, verb === "create" ? undefined : String(draft.metadata["name"] ?? "")),
    { body: { cronWorkflow } },
  );
  const { name } = result.metadata;
  const line = await formatted(result, options.output, false);
  if (options.output === "name") return { result, line: name };
  const words = `cron workflow ${name} ${verb}d${nextOf(result)}`;
  return { result, line: line ?? `${words}\n${details(context, result)}` };
}

const nextOf = ({ status }: CronObject): string =>
  status.nextScheduledTimes[0] === undefined ? "" : `, next at ${status.nextScheduledTimes[0]}`;

function withOverrides(context: CliContext, manifest: Draft, options: StoreOptions): Draft {
  const metadata = { ...manifest.metadata };
  const { schedule: _, ...rest } = manifest.spec;
  const scheduled =
    options.schedule === undefined ? manifest.spec : { ...rest, schedules: [options.schedule] };
  const spec = withParameters(scheduled, pairsOf("--parameter", options.parameter ?? []));
  if (options.generateName !== undefined)
    metadata["name"] = `${options.generateName}${context.random
      .id()
      .toLowerCase()
      .replaceAll(/[^a-z0-9]/g, "")
      .slice(0, 5)}`;
  if (options.name !== undefined) metadata["name"] = options.name;
  if (options.labels !== undefined)
    metadata["labels"] = {
      ...(metadata["labels"] as object | undefined),
      ...pairsOf("--labels", options.labels.split(",")),
    };
  return { ...manifest, metadata, spec };
}

/** The workflow's arguments with these values; one that it has not is added. */
function withParameters(spec: Draft["spec"], given: Readonly<Record<string, string>>): Draft["spec"] {
  const names = Object.keys(given);
  if (names.length === 0) return spec;
  const workflowSpec = isObject(spec["workflowSpec"]) ? spec["workflowSpec"] : {};
  const { arguments: args } = workflowSpec;
  const written =
    isObject(args) && Array.isArray(args["parameters"]) ? args["parameters"].filter(isObject) : [];
  const kept = written.filter((parameter) => !names.includes(String(parameter["name"])));
  const parameters = [...kept, ...names.map((name) => ({ name, value: given[name] }))];
  return {
    ...spec,
    workflowSpec: { ...workflowSpec, arguments: { ...(isObject(args) ? args : {}), parameters } },
  };
}

export interface ListOptions {
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly output?: OutputFormat;
}

export async function list(
  context: CliContext,
  _args: readonly string[],
  options: ListOptions,
): Promise<void> {
  const path = options.allNamespaces === true ? base : pathOf(context);
  const { items } = await context.client.request<{ readonly items: readonly CronObject[] }>("GET", path, {
    query: { "listOptions.labelSelector": options.selector },
  });
  const text = await formatted(items, options.output, context.json);
  if (text !== undefined) context.out(text);
  else if (options.output === "name") for (const { metadata } of items) context.out(metadata.name);
  else if (items.length === 0)
    context.note(
      `no cron workflows in ${options.allNamespaces === true ? "any namespace" : `namespace '${context.namespace}'`}`,
    );
  else context.out(table(context, items, options.allNamespaces === true));
}

function table(context: CliContext, items: readonly CronObject[], everywhere: boolean): string {
  const now = context.clock.now();
  const header = ["NAME", "AGE", "LAST RUN", "NEXT RUN", "SCHEDULES", "TIMEZONE", "SUSPENDED", "STATE"];
  const rows = items.map((item) => [
    item.metadata.name,
    ago(now, String(item.metadata["creationTimestamp"])),
    ago(now, item.status.lastScheduledTime),
    until(now, item.status.nextScheduledTimes[0]),
    schedulesOf(item).join(", "),
    item.spec.timezone ?? "",
    String(item.spec.suspend === true),
    stateOf(item),
  ]);
  return everywhere
    ? renderTable(
        ["NAMESPACE", ...header],
        rows.map((row, i) => [items[i]?.metadata.namespace ?? "", ...row]),
        context.width,
      )
    : renderTable(header, rows, context.width);
}

const schedulesOf = ({ spec }: CronObject): readonly string[] => [
  ...(spec.schedule === undefined || spec.schedule === "" ? [] : [spec.schedule]),
  ...(spec.schedules ?? []),
];
const stateOf = ({ spec, status }: CronObject): string => {
  if (status.phase === "Stopped") return "Stopped";
  if (spec.suspend === true) return "Suspended";
  return status.conditions[0]?.type ?? "Active";
};
const ago = (now: number, time: string | null): string =>
  time === null ? "N/A" : formatDuration(Math.max(0, now - Date.parse(time)));
const until = (now: number, time: string | undefined): string =>
  time === undefined ? "N/A" : formatDuration(Math.max(0, Date.parse(time) - now));

export async function get(
  context: CliContext,
  [name = ""]: readonly string[],
  options: { readonly output?: OutputFormat },
): Promise<void> {
  const found = await context.client.request<CronObject>("GET", pathOf(context, name));
  const text = await formatted(found, options.output, context.json);
  context.out(text ?? (options.output === "name" ? name : details(context, found)));
}

function details(context: CliContext, item: CronObject): string {
  const { metadata, spec, status } = item;
  const now = context.clock.now();
  const when = (time: string | null | undefined, span: (now: number, time: string) => string) =>
    time === null || time === undefined ? "N/A" : `${time} (${span(now, time)})`;
  return labelled([
    ["Name:", metadata.name],
    ["Namespace:", metadata.namespace],
    ["Created:", when(String(metadata["creationTimestamp"]), (n, t) => `${ago(n, t)} ago`)],
    ["Schedules:", schedulesOf(item).join(",")],
    ...(spec.timezone === undefined ? [] : ([["Timezone:", spec.timezone]] as const)),
    ["Suspended:", String(spec.suspend === true)],
    ["State:", stateOf(item)],
    ["StartingDeadlineSeconds:", String(spec.startingDeadlineSeconds ?? 0)],
    ["ConcurrencyPolicy:", spec.concurrencyPolicy || "Allow"],
    ...parametersOf(item),
    ["LastScheduledTime:", when(status.lastScheduledTime, (n, t) => `${ago(n, t)} ago`)],
    ["NextScheduledTime:", when(status.nextScheduledTimes[0], (n, t) => `in ${until(n, t)}`)],
    [
      "Runs:",
      `${status.succeeded} succeeded, ${status.failed} failed, ${status.missed} missed, ${status.skipped} skipped`,
    ],
    ["Active:", status.active.map((run) => run.name).join(", ") || "none"],
    ...status.conditions.map(({ type, message }) => [`${type}:`, message] as const),
  ]);
}

const parametersOf = ({ spec }: CronObject): readonly (readonly [string, string])[] =>
  (spec.workflowSpec.arguments?.parameters ?? []).map(({ name, value }) => [
    `Parameter ${name}:`,
    oneLine(String(value ?? ""), 200),
  ]);

/** Suspends or resumes each. */
export const setRunning =
  (verb: "suspend" | "resume") =>
  (context: CliContext, names: readonly string[]): Promise<void> =>
    printEach(context, names, async (name) => {
      const body = { name, namespace: context.namespace };
      const result = await context.client.request<CronObject>("PUT", `${pathOf(context, name)}/${verb}`, {
        body,
      });
      return { result, line: `CronWorkflow '${name}' ${verb}${verb === "resume" ? "d" : "ed"}` };
    });

export async function remove(
  context: CliContext,
  names: readonly string[],
  options: { readonly all?: boolean },
): Promise<void> {
  if (names.length === 0 && options.all !== true)
    throw CliError.USAGE({ problem: "name the cron workflows to delete, or say --all" });
  const chosen = options.all === true ? await allNames(context) : names;
  await printEach(
    context,
    chosen,
    async (name) => {
      await context.client.request("DELETE", pathOf(context, name));
      return { result: { name, deleted: true }, line: `cron workflow ${name} deleted` };
    },
    { asList: options.all === true },
  );
}

async function allNames(context: CliContext): Promise<readonly string[]> {
  const { items } = await context.client.request<{ readonly items: readonly CronObject[] }>(
    "GET",
    pathOf(context),
  );
  return items.map((item) => item.metadata.name);
}

export const lint = (context: CliContext, files: readonly string[], options: LintOptions): Promise<void> =>
  lintFiles(context, files, { ...options, kinds: "cronworkflows" });
