// What gave up: dead list|show|redrive.
import { formatDuration } from "@sluice/base";
import type { CliContext } from "../../context.ts";
import { CliError } from "../../errors.ts";
import { renderTable } from "../../render/table.ts";
import { oneLine, printable, shownTime } from "../../render/text.ts";
import { integerOf, printEach } from "../output.ts";

interface Letter {
  readonly id: string;
  readonly at: string;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  readonly attempts: number;
  /** False for a message that nobody could decode: there is no request in it. */
  readonly redrivable?: boolean;
  readonly request: {
    readonly sensor: string;
    readonly trigger: string;
    readonly kind: string;
    readonly causes?: readonly { readonly id: string }[];
    readonly action?: unknown;
  };
}

/** Most of an action that is shown to people, characters; --json has all. */
const maxAction = 4_000;

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
          oneLine(letter.message, 200),
        ]),
        context.width,
      ),
    );
}

export async function show(context: CliContext, [id = ""]: readonly string[]): Promise<void> {
  const letter = await context.client.request<Letter>("GET", pathOf(context, await wholeId(context, id)));
  context.out(context.json ? JSON.stringify(letter, null, 2) : await letterText(context, letter));
}

async function letterText({ palette }: CliContext, letter: Letter): Promise<string> {
  const { toYaml } = await import("@sluice/spec");
  const { sensor, trigger, kind, causes = [], action } = letter.request;
  const rows = [
    ["Id", letter.id],
    ["Trigger", `${sensor} / ${trigger}   (${kind})`],
    [
      "Given up",
      `${shownTime(letter.at)}   after ${letter.attempts} ${letter.attempts === 1 ? "attempt" : "attempts"}`,
    ],
    ["Why", `${palette.bad(oneLine(letter.message, 300))}  (${letter.code})`],
    ["Hint", oneLine(letter.hint, 300)],
    ["Events", causes.map((cause) => oneLine(cause.id, 80)).join(", ")],
  ].map(([name, value]) => `${`${name}:`.padEnd(12)}${value}`);
  const shown = printable(toYaml(action).trimEnd()).slice(0, maxAction);
  return [...rows, "Action:", ...shown.split("\n").map((line) => `  ${palette.dim(line)}`)].join("\n");
}

export async function redrive(
  context: CliContext,
  ids: readonly string[],
  options: { readonly all?: boolean },
): Promise<void> {
  const all = options.all === true;
  if (ids.length === 0 && !all)
    throw CliError.USAGE({ problem: "name the dead letters to redrive, or say --all" });
  const chosen = all
    ? (await lettersOf(context, 1_000))
        .filter((letter) => letter.redrivable !== false)
        .map((letter) => letter.id)
    : ids;
  if (chosen.length === 0 && !context.json) context.note("there is nothing to redrive");
  await printEach(
    context,
    chosen,
    async (id) => ({
      result: await context.client.request("POST", `${pathOf(context, await wholeId(context, id))}/redrive`),
      line: `dead letter ${id.slice(0, 12)} redriven`,
    }),
    { asList: all },
  );
}

/** The list shows the first characters of ids; they are enough. */
async function wholeId(context: CliContext, id: string): Promise<string> {
  if (id.length >= 40) return id;
  const matching = (await lettersOf(context, 1_000)).filter((letter) => letter.id.startsWith(id));
  if (matching.length > 1)
    throw CliError.USAGE({ problem: `'${id}' begins the ids of ${matching.length} dead letters` });
  return matching[0]?.id ?? id;
}
