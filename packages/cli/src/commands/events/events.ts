// What came in, and what became of it: events list|show|tail, emit.
import { formatDuration, messageOf } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { type EventWithTrail, renderEvent, type ShownEvent } from "../../render/event.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/text.ts";
import { readBounded, readStandardInput } from "../manifests/manifest-files.ts";
import { integerOf } from "../output.ts";

const base = "/api/v1/sluice";

export async function list(
  context: CliContext,
  _args: readonly string[],
  options: { readonly source?: string; readonly limit: string },
): Promise<void> {
  const limit = integerOf("--limit", options.limit, { min: 1, max: 1_000 });
  const { items } = await context.client.request<{ readonly items: readonly ShownEvent[] }>(
    "GET",
    `${base}/events/${context.namespace}`,
    { query: { limit, source: options.source } },
  );
  if (context.json) context.out(JSON.stringify(items, null, 2));
  else if (items.length === 0) context.note(`no events in namespace '${context.namespace}'`);
  else
    context.out(
      renderTable(
        ["ID", "SOURCE", "EVENT", "AGE", "DATA"],
        items.map((item) => rowOf(context, item)),
        context.width,
      ),
    );
}

const rowOf = (context: CliContext, { event, origin, receivedAt }: ShownEvent): string[] => [
  oneLine(event.id, 40),
  oneLine(origin.source, 40),
  oneLine(origin.event, 40),
  formatDuration(Math.max(0, context.clock.now() - Date.parse(receivedAt))),
  context.palette.dim(oneLine(JSON.stringify(event.data) ?? "", 80)),
];

export async function show(context: CliContext, [id = ""]: readonly string[]): Promise<void> {
  const path = `${base}/events/${context.namespace}/${encodeURIComponent(id)}`;
  const shown = await context.client.request<EventWithTrail>("GET", path);
  context.out(context.json ? JSON.stringify(shown, null, 2) : renderEvent(shown, context.palette));
}

export async function tail(context: CliContext): Promise<void> {
  const events = context.client.stream<ShownEvent>(`${base}/stream/events/${context.namespace}`, {
    signal: context.signal,
  });
  for await (const shown of events)
    context.out(
      context.json
        ? JSON.stringify(shown)
        : `${context.palette.dim(shown.receivedAt)} ${shown.origin.source}/${shown.origin.event} ${oneLine(shown.event.id, 40)} ${oneLine(JSON.stringify(shown.event.data) ?? "", 120)}`,
    );
}

interface Emitted {
  readonly id: string;
  readonly outcome: "stored" | "duplicate" | "filtered";
}

export async function emit(
  context: CliContext,
  [source = "", event = ""]: readonly string[],
  options: { readonly data: string; readonly id?: string },
): Promise<void> {
  const answer = await context.client.request<Emitted>("POST", `${base}/emit/${context.namespace}`, {
    body: {
      source,
      event,
      data: await dataOf(options.data),
      ...(options.id === undefined ? {} : { id: options.id }),
    },
  });
  context.out(context.json ? JSON.stringify(answer) : `event ${answer.id} ${answer.outcome}`);
}

/** Errors: CLI_FILE_UNREADABLE, CLI_USAGE when it is no JSON. */
async function dataOf(text: string): Promise<unknown> {
  const content =
    text === "-" ? await readStandardInput() : text.startsWith("@") ? await readBounded(text.slice(1)) : text;
  try {
    return JSON.parse(content);
  } catch (error) {
    throw CliError.USAGE({ problem: `--data takes JSON, @FILE or -: ${messageOf(error)}` });
  }
}
