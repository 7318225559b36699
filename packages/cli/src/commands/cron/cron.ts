// Cron workflows: create, update, list, get, delete, suspend, resume, lint.
import { formatDuration } from "@sluice/base";
import type { CronObject } from "@sluice/engine";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
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
  readonly labels?: string;
  readonly output?: OutputFormat;
}

/** Stores every CronWorkflow of the files. Errors: CLI_INVALID_MANIFESTS, those of the API. */
export const store =
  (verb: "create" | "update") =>
  async (context: CliContext, files: readonly string[], options: StoreOptions): Promise<void> => {
    const documents = await checkedDocuments(context, files);
    const drafts = documents
      .filter((document) => document.kind === "CronWorkflow")
      .map(({ manifest }) => withOverrides(manifest as Draft, options));
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
  const name = String(draft.metadata["name"] ?? "");
  const cronWorkflow = { ...draft, metadata: { ...draft.metadata, namespace: context.namespace } };
  const result = await context.client.request<CronObject>(
    verb === "create" ? "POST" : "PUT",
    pathOf(context, verb === "create" ? undefined : name),
    { body: { cronWorkflow } },
  );
  const line = await formatted(result, options.output, false);
  if (options.output === "name") return { result, line: name };
  return { result, line: line ?? `cron workflow ${name} ${verb}d${nextOf(result)}` };
}

const nextOf = ({ status }: CronObject): string =>
  status.nextScheduledTimes[0] === undefined ? "" : `, next at ${status.nextScheduledTimes[0]}`;

function withOverrides(manifest: Draft, options: StoreOptions): Draft {
  const metadata = { ...manifest.metadata };
  const { schedule: _, ...rest } = manifest.spec;
  const spec = options.schedule === undefined ? manifest.spec : { ...rest, schedules: [options.schedule] };
  if (options.name !== undefined) metadata["name"] = options.name;
  if (options.labels !== undefined)
    metadata["labels"] = {
      ...(metadata["labels"] as object | undefined),
      ...pairsOf("--labels", options.labels.split(",")),
    };
  return { ...manifest, metadata, spec };
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
  const header = ["NAME", "AGE", "LAST RUN", "NEXT RUN", "SCHEDULES", "TIMEZONE", "STATE"];
  const rows = items.map((item) => [
    item.metadata.name,
    ago(now, String(item.metadata["creationTimestamp"])),
    ago(now, item.status.lastScheduledTime),
    until(now, item.status.nextScheduledTimes[0]),
    schedulesOf(item).join(", "),
    item.spec.timezone ?? "",
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
  const rows: readonly (readonly [string, string])[] = [
    ["Name:", metadata.name],
    ["Namespace:", metadata.namespace],
    ["Created:", when(String(metadata["creationTimestamp"]), (n, t) => `${ago(n, t)} ago`)],
    ["State:", stateOf(item)],
    ["Schedules:", schedulesOf(item).join(", ")],
    ...(spec.timezone === undefined ? [] : ([["Timezone:", spec.timezone]] as const)),
    ["Concurrency:", spec.concurrencyPolicy === undefined ? "Allow" : spec.concurrencyPolicy || "Allow"],
    ["Last scheduled:", when(status.lastScheduledTime, (n, t) => `${ago(n, t)} ago`)],
    ["Next scheduled:", when(status.nextScheduledTimes[0], (n, t) => `in ${until(n, t)}`)],
    [
      "Runs:",
      `${status.succeeded} succeeded, ${status.failed} failed, ${status.missed} missed, ${status.skipped} skipped`,
    ],
    ["Active:", status.active.map((run) => run.name).join(", ") || "none"],
    ...status.conditions.map(({ type, message }) => [`${type}:`, message] as const),
  ];
  const width = Math.max(...rows.map(([label]) => label.length));
  return rows.map(([label, value]) => `${label.padEnd(width)}  ${value}`).join("\n");
}

/** Suspends or resumes each. */
export const setRunning =
  (verb: "suspend" | "resume") =>
  (context: CliContext, names: readonly string[]): Promise<void> =>
    printEach(context, names, async (name) => {
      const body = { name, namespace: context.namespace };
      const result = await context.client.request<CronObject>("PUT", `${pathOf(context, name)}/${verb}`, {
        body,
      });
      return { result, line: `cron workflow ${name} ${verb}${verb === "resume" ? "d" : "ed"}` };
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
  lintFiles(context, files, options);
