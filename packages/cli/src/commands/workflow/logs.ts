import type { CliContext } from "../../context.ts";
import { oneLine, printable } from "../../render/text.ts";
import { integerOf } from "../output.ts";
import { nameOf, pathOf } from "./names.ts";

export interface LogsOptions {
  readonly follow?: boolean;
  readonly grep?: string;
  readonly tail?: string;
  readonly timestamps?: boolean;
  readonly prefix?: boolean;
}

interface LogEntry {
  readonly content: string;
  readonly podName?: string;
  readonly nodeName?: string;
  readonly at?: string;
  readonly stream?: "stdout" | "stderr";
}

export async function logs(
  context: CliContext,
  [given = "", node]: readonly string[],
  options: LogsOptions,
): Promise<void> {
  await printLogs(context, await nameOf(context, given), {
    ...options,
    ...(node === undefined ? {} : { node }),
  });
}

/** Prints the lines of a workflow's steps, each after the name of its node. */
export async function printLogs(
  context: CliContext,
  name: string,
  options: LogsOptions & { readonly node?: string },
): Promise<void> {
  const entries = context.client.stream<LogEntry>(`${pathOf(context, name)}/log`, {
    query: {
      "logOptions.container": "main",
      "logOptions.follow": options.follow === true,
      podName: options.node,
      grep: options.grep,
      ...(options.tail === undefined
        ? {}
        : { "logOptions.tailLines": integerOf("--tail", options.tail, { min: 0, max: 1_000_000 }) }),
    },
    signal: context.signal,
  });
  for await (const entry of entries)
    context.out(context.json ? JSON.stringify(entry) : lineOf(context, entry, options));
}

function lineOf(context: CliContext, entry: LogEntry, options: LogsOptions): string {
  const time =
    options.timestamps === true && entry.at !== undefined ? `${context.palette.dim(entry.at)} ` : "";
  const from = entry.nodeName ?? entry.podName ?? "";
  const prefix = options.prefix === false ? "" : `${context.palette.busy(oneLine(from, 80))}: `;
  return `${prefix}${time}${printable(entry.content)}`;
}
