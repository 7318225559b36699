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

/**
 * Does something for each of `items`, in order. With --json one object when one item was named, else a list; what was
 * done is printed also when a later one fails.
 */
export async function printEach(
  context: CliContext,
  items: readonly string[],
  act: (item: string) => Promise<Done>,
  options: { readonly asList?: boolean } = {},
): Promise<void> {
  const asList = options.asList === true || items.length !== 1;
  const results: unknown[] = [];
  try {
    for (const item of items) {
      const { result, line } = await act(item);
      if (context.json) results.push(result);
      else context.out(line);
    }
  } finally {
    if (context.json && (asList || results.length > 0))
      context.out(JSON.stringify(asList ? results : results[0]));
  }
}
