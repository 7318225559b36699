import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { oneLine, printable } from "../../render/text.ts";
import { integerOf } from "../output.ts";
import { pathOf } from "./names.ts";
import { chosenOf, timeBefore, titleOf, within } from "./selection.ts";

export interface LogsOptions {
  readonly follow?: boolean;
  readonly grep?: string;
  readonly tail?: string;
  readonly timestamps?: boolean;
  readonly prefix?: boolean;
  readonly since?: string;
  readonly sinceTime?: string;
  readonly container?: string;
  readonly previous?: boolean;
  /** With a name: of its steps' pods; without: of workflows. */
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly allNamespaces?: boolean;
}

interface LogEntry {
  readonly content: string;
  readonly podName?: string;
  readonly nodeName?: string;
  readonly at?: string;
  readonly stream?: "stdout" | "stderr";
}

/** Of one workflow, or of each that the selectors choose: one after another, the oldest first. */
export async function logs(
  context: CliContext,
  [given, node]: readonly string[],
  { selector, fieldSelector, allNamespaces, ...options }: LogsOptions,
): Promise<void> {
  const names = given === undefined ? [] : [given];
  const chosen = given === undefined ? { selector, fieldSelector, allNamespaces } : { fieldSelector };
  const { targets } = await chosenOf(context, names, { options: defined(chosen) });
  if (targets.length === 0 && !context.json) context.note("there are no such workflows");
  const shown = {
    ...options,
    ...(node === undefined ? {} : { node }),
    ...(given === undefined || selector === undefined ? {} : { selector }),
  };
  for (const target of targets.toReversed()) {
    const title = titleOf(context, target);
    await printLogs(within(context, target.namespace), target.name, {
      ...shown,
      ...(targets.length > 1 ? { title } : {}),
    });
  }
}

const defined = <T extends object>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));

interface PrintOptions extends Omit<LogsOptions, "fieldSelector" | "allNamespaces"> {
  readonly node?: string;
  /** Said before each line's node. */
  readonly title?: string;
}

/** Prints the lines of a workflow's steps, each after the name of its node. */
export async function printLogs(context: CliContext, name: string, options: PrintOptions): Promise<void> {
  const entries = context.client.stream<LogEntry>(`${pathOf(context, name)}/log`, {
    query: {
      "logOptions.container": options.container ?? "main",
      "logOptions.follow": options.follow === true,
      "logOptions.previous": options.previous,
      "logOptions.sinceTime": sinceOf(context, options),
      podName: options.node,
      selector: options.selector,
      grep: options.grep,
      ...(options.tail === undefined || options.tail === "-1"
        ? {}
        : { "logOptions.tailLines": integerOf("--tail", options.tail, { min: 0, max: 1_000_000 }) }),
    },
    signal: context.signal,
  });
  const workflow = options.title === undefined ? {} : { workflow: name };
  let isEmpty = true;
  for await (const entry of entries) {
    isEmpty = false;
    context.out(context.json ? JSON.stringify({ ...workflow, ...entry }) : lineOf(context, entry, options));
  }
  if (isEmpty && options.node !== undefined && !context.json)
    context.note(`no output of '${options.node}'; the steps that there are: sluice get ${name}`);
}

/** Errors: CLI_USAGE. */
function sinceOf(context: CliContext, { since, sinceTime }: PrintOptions): string | undefined {
  if (since !== undefined && sinceTime !== undefined)
    throw CliError.USAGE({ problem: "either --since or --since-time, not both" });
  if (sinceTime !== undefined && Number.isNaN(Date.parse(sinceTime)))
    throw CliError.USAGE({
      problem: `--since-time takes a time such as 2026-01-31T08:00:00Z, not '${sinceTime}'`,
    });
  return sinceTime ?? timeBefore(context, "--since", since);
}

function lineOf(context: CliContext, entry: LogEntry, options: PrintOptions): string {
  const time =
    options.timestamps === true && entry.at !== undefined ? `${context.palette.dim(entry.at)} ` : "";
  const from = entry.nodeName ?? entry.podName ?? "";
  const title = options.title === undefined || options.title === from ? "" : `${options.title} `;
  const prefix = options.prefix === false ? "" : `${context.palette.busy(oneLine(`${title}${from}`, 160))}: `;
  return `${prefix}${time}${printable(entry.content)}`;
}
