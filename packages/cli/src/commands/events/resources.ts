// Event sources and sensors: list, get, delete.
import { formatDuration, isObject } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/workflow.ts";
import { formatted, type OutputFormat } from "../output.ts";

type Kind = "source" | "sensor";

interface Shown {
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly appliedAt: string;
  readonly status: unknown;
  readonly manifest: unknown;
}

const pathOf = (kind: Kind, ...parts: readonly string[]): string =>
  ["/api/v1/sluice", `${kind}s`, ...parts.map(encodeURIComponent)].join("/");

export const list =
  (kind: Kind) =>
  async (
    context: CliContext,
    _args: readonly string[],
    options: { readonly allNamespaces?: boolean },
  ): Promise<void> => {
    const path = options.allNamespaces === true ? pathOf(kind) : pathOf(kind, context.namespace);
    const { items } = await context.client.request<{ readonly items: readonly Shown[] }>("GET", path);
    if (context.json) context.out(JSON.stringify(items, null, 2));
    else if (items.length === 0) context.note(`no ${kind}s in namespace '${context.namespace}'`);
    else
      context.out(
        renderTable(
          ["NAMESPACE", "NAME", "STATE", "AGE", "DETAIL"],
          items.map((item) => [
            item.namespace,
            item.name,
            painted(context, stateOf(item.status)),
            formatDuration(Math.max(0, context.clock.now() - Date.parse(item.appliedAt))),
            oneLine(detailOf(kind, item.status), 100),
          ]),
        ),
      );
  };

export const get =
  (kind: Kind) =>
  async (
    context: CliContext,
    [name = ""]: readonly string[],
    options: { readonly output?: OutputFormat },
  ): Promise<void> => {
    const shown = await context.client.request<Shown>("GET", pathOf(kind, context.namespace, name));
    context.out((await formatted(shown, options.output ?? "yaml", context.json)) ?? shown.name);
  };

export const remove =
  (kind: Kind) =>
  async (context: CliContext, [name = ""]: readonly string[]): Promise<void> => {
    await context.client.request("DELETE", pathOf(kind, context.namespace, name));
    context.out(context.json ? JSON.stringify({ name, deleted: true }) : `${kind} ${name} deleted`);
  };

/** The worst state of what belongs to it. */
function stateOf(status: unknown): string {
  if (!isObject(status)) return "waiting";
  if (typeof status["state"] === "string") return status["state"];
  const states = eventsOf(status).map((event) => stateOf(event));
  return (
    ["invalid", "degraded", "unsupported", "starting"].find((state) => states.includes(state)) ??
    states[0] ??
    "waiting"
  );
}

const eventsOf = (status: Record<string, unknown>): readonly Record<string, unknown>[] =>
  Array.isArray(status["events"]) ? status["events"].filter(isObject) : [];

function detailOf(kind: Kind, status: unknown): string {
  if (!isObject(status)) return "";
  if (kind === "source")
    return eventsOf(status)
      .map(
        (event) =>
          `${String(event["event"] ?? event["name"])} ${stateOf(event)}${typeof event["reason"] === "string" ? ` (${event["reason"]})` : ""}`,
      )
      .join(", ");
  return Object.entries(status)
    .filter(([key, value]) => key !== "state" && ["string", "number"].includes(typeof value))
    .map(([key, value]) => `${key} ${String(value)}`)
    .join(", ");
}

function painted({ palette }: CliContext, state: string): string {
  if (state === "live") return palette.good(state);
  return state === "starting" || state === "waiting" ? palette.warn(state) : palette.bad(state);
}
