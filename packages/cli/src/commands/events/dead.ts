// What gave up: dead list|show|redrive.
import { formatDuration } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine } from "../../render/workflow.ts";
import { integerOf } from "../output.ts";

interface Letter {
  readonly id: string;
  readonly at: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly attempts: number;
  readonly request: { readonly sensor: string; readonly trigger: string; readonly kind: string };
}

const pathOf = (context: CliContext, ...parts: readonly string[]): string =>
  ["/api/v1/sluice/dead", context.namespace, ...parts]
    .map((part, at) => (at === 0 ? part : encodeURIComponent(part)))
    .join("/");

const lettersOf = async (context: CliContext, limit: number): Promise<readonly Letter[]> =>
  (
    await context.client.request<{ readonly items: readonly Letter[] }>("GET", pathOf(context), {
      query: { limit },
    })
  ).items;

export async function list(
  context: CliContext,
  _args: readonly string[],
  options: { readonly limit: string },
): Promise<void> {
  const letters = await lettersOf(context, integerOf("--limit", options.limit, { min: 1, max: 1_000 }));
  if (context.json) context.out(JSON.stringify(letters, null, 2));
  else if (letters.length === 0) context.note(`no dead letters in namespace '${context.namespace}'`);
  else
    context.out(
      renderTable(
        ["ID", "SENSOR", "TRIGGER", "AGE", "ATTEMPTS", "CODE", "MESSAGE"],
        letters.map((letter) => [
          letter.id.slice(0, 12),
          letter.request.sensor,
          letter.request.trigger,
          formatDuration(Math.max(0, context.clock.now() - Date.parse(letter.at))),
          String(letter.attempts),
          context.palette.bad(letter.code),
          oneLine(letter.message, 80),
        ]),
      ),
    );
}

export async function show(context: CliContext, [id = ""]: readonly string[]): Promise<void> {
  const letter = await context.client.request<Letter>("GET", pathOf(context, await wholeId(context, id)));
  context.out(JSON.stringify(letter, null, 2));
}

export async function redrive(
  context: CliContext,
  ids: readonly string[],
  options: { readonly all?: boolean },
): Promise<void> {
  if (ids.length === 0 && options.all !== true)
    throw CliError.USAGE({ problem: "name the dead letters to redrive, or say --all" });
  const chosen = options.all === true ? (await lettersOf(context, 1_000)).map((letter) => letter.id) : ids;
  for (const id of chosen) {
    const answer = await context.client.request(
      "POST",
      `${pathOf(context, await wholeId(context, id))}/redrive`,
    );
    context.out(context.json ? JSON.stringify(answer) : `dead letter ${id.slice(0, 12)} redriven`);
  }
}

/** The list shows the first characters of ids; they are enough. */
async function wholeId(context: CliContext, id: string): Promise<string> {
  if (id.length >= 40) return id;
  const matching = (await lettersOf(context, 1_000)).filter((letter) => letter.id.startsWith(id));
  if (matching.length > 1)
    throw CliError.USAGE({ problem: `'${id}' begins the ids of ${matching.length} dead letters` });
  return matching[0]?.id ?? id;
}
