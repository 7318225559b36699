import { type AppError, isAppError } from "@sluice/base";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";

export type OutputFormat = "json" | "yaml" | "wide" | "name" | undefined;

/** The object as asked for by `-o` and `--json`; undefined when the command's own view is wanted. */
export async function formatted(
  value: unknown,
  format: OutputFormat,
  json: boolean,
): Promise<string | undefined> {
  if (format === "yaml") {
    const { toYaml } = await import("@sluice/spec");
    return toYaml(value).trimEnd();
  }
  return format === "json" || json ? JSON.stringify(value, null, 2) : undefined;
}

/** A whole number of an option. Errors: CLI_USAGE. */
export function integerOf(
  option: string,
  text: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value < bounds.min || value > bounds.max)
    throw CliError.USAGE({
      problem: `${option} takes a whole number from ${bounds.min} to ${bounds.max}, not '${text}'`,
    });
  return value;
}

/** The pairs of a repeatable option. Errors: CLI_USAGE for one without a name or without `=`. */
export function pairsOf(option: string, texts: readonly string[]): Readonly<Record<string, string>> {
  const pairs = new Map<string, string>();
  for (const text of texts) {
    const at = text.indexOf("=");
    if (at < 1) throw CliError.USAGE({ problem: `${option} takes name=value, not '${text}'` });
    pairs.set(text.slice(0, at), text.slice(at + 1));
  }
  // `fromEntries` defines: a pair named `__proto__` is a pair like any other.
  return Object.fromEntries(pairs);
}

export interface Done {
  /** For `--json`. */
  readonly result: unknown;
  /** For people. */
  readonly line: string;
}

export interface EachOptions<T> {
  /** A list also for one, for what was chosen and not named. */
  readonly asList?: boolean;
  /** What an item is called in messages; default the item as text. */
  readonly nameOf?: (item: T) => string;
  /** So many under way at once; default 1. Results are printed in the order of the items. */
  readonly atOnce?: number;
}

/**
 * Does something for each of `items`. With --json one object when one item was named, else a list. One that is refused
 * keeps the others from nothing: it is said on stderr (and in the list), and the call fails in the end.
 * Errors: the one item's own; CLI_SOME_FAILED for several; at once what is no answer about an item.
 */
export async function printEach<T = string>(
  context: CliContext,
  items: readonly T[],
  act: (item: T) => Promise<Done>,
  options: EachOptions<T> = {},
): Promise<void> {
  const { asList: always = false, nameOf = String, atOnce = 1 } = options;
  const asList = always || items.length !== 1;
  const results: unknown[] = [];
  let failed = 0;
  const take = (item: T, outcome: PromiseSettledResult<Done>): void => {
    if (outcome.status === "rejected") {
      if (!asList || !isAboutItem(outcome.reason)) throw outcome.reason;
      failed += 1;
      results.push(failure(context, nameOf(item), outcome.reason));
    } else if (context.json) results.push(outcome.value.result);
    else context.out(outcome.value.line);
  };
  try {
    for (let at = 0; at < items.length; at += atOnce) {
      const some = items.slice(at, at + atOnce);
      const settled = await Promise.allSettled(some.map(act));
      for (const [i, outcome] of settled.entries()) take(some[i] as T, outcome);
    }
  } finally {
    if (context.json && (asList || results.length > 0))
      context.out(JSON.stringify(asList ? results : results[0]));
  }
  if (failed > 0) throw CliError.SOME_FAILED({ failed, of: items.length });
}

/** The server's word on one item, and not that there is no server, or a mistake of ours. */
const isAboutItem = (error: unknown): error is AppError =>
  isAppError(error) &&
  !["CLI_SERVER_UNREACHABLE", "CLI_SERVER_ANSWER", "SERVER_UNAUTHORIZED"].includes(error.code);

function failure(context: CliContext, name: string, { code, message, hint }: AppError): object {
  if (!context.json) context.note(`${name}: ${message}  (${code})`);
  return { name, error: { code, message, hint } };
}
