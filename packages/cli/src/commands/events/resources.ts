// Event sources and sensors: list, get, delete.
import { formatDuration, isObject } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
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
    else if (items.length === 0)
      context.note(
        `no ${kind}s in ${options.allNamespaces === true ? "any namespace" : `namespace '${context.namespace}'`}`,
      );
    else
      context.out(
        renderTable(
          ["NAMESPACE", "NAME", "STATE", "AGE", "DETAIL"],
          items.map((item) => [
            item.namespace,
            item.name,
            painted(context, stateOf(item.status)),
            formatDuration(Math.max(0, context.clock.now() - Date.parse(item.appliedAt))),
            oneLine(detailOf(kind, item.status), 200),
          ]),
          context.width,
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
    const format = options.output === undefined && !context.json ? "yaml" : options.output;
    context.out((await formatted(shown, format, context.json)) ?? shown.name);
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
  const { state } = status;
  if (typeof state === "string") return state;
  // Of an event of a source: `{kind, …}`.
  if (isObject(state)) return typeof state["kind"] === "string" ? state["kind"] : "waiting";
  const states = eventsOf(status).map(stateOf);
  return (
    ["invalid", "degraded", "unsupported", "starting"].find((worse) => states.includes(worse)) ??
    states[0] ??
    "waiting"
  );
}

const eventsOf = (status: Record<string, unknown>): readonly Record<string, unknown>[] =>
  Array.isArray(status["events"]) ? status["events"].filter(isObject) : [];

function detailOf(kind: Kind, status: unknown): string {
  if (!isObject(status)) return "";
  return kind === "source" ? eventsOf(status).map(eventLine).join(", ") : sensorLine(status);
}

function eventLine(event: Record<string, unknown>): string {
  const state = isObject(event["state"]) ? event["state"] : {};
  const reason = state["message"] ?? state["reason"];
  const name = `${String(event["event"])} (${String(event["kind"])})`;
  const shown = stateOf(event) === "live" ? name : `${name} ${stateOf(event)}`;
  return typeof reason === "string" ? `${shown}: ${reason}` : shown;
}

interface SensorShown {
  readonly message?: unknown;
  readonly counts?: { readonly events: number; readonly firings: number };
  readonly pending?: readonly { readonly trigger: string; readonly filled: readonly string[] }[];
}

/** What is wrong with it; else what it did since the server started, and what waits. */
function sensorLine(status: SensorShown): string {
  if (typeof status.message === "string") return status.message;
  const { events = 0, firings = 0 } = status.counts ?? {};
  const waiting = (status.pending ?? [])
    .filter(({ filled }) => filled.length > 0)
    .map(({ trigger, filled }) => `; ${trigger} has ${filled.join(", ")} and waits`);
  return `${events} ${events === 1 ? "event" : "events"}, ${firings} fired${waiting.join("")}`;
}

function painted({ palette }: CliContext, state: string): string {
  if (state === "live") return palette.good(state);
  return state === "starting" || state === "waiting" ? palette.warn(state) : palette.bad(state);
}
