import { CliError } from "../errors.ts";

export type OutputFormat = "json" | "yaml" | "wide" | "name" | undefined;

/** The object as asked for by `-o` and `--json`; undefined when the command's own view is wanted. */
export async function formatted(
  value: unknown,
  format: OutputFormat,
  json: boolean,
): Promise<string | undefined> {
  if (format === "json" || (json && format === undefined)) return JSON.stringify(value, null, 2);
  if (format !== "yaml") return undefined;
  const { toYaml } = await import("@sluice/spec");
  return toYaml(value).trimEnd();
}

/** A whole number of an option. Errors: CLI_USAGE. */
export function integerOf(
  option: string,
  text: string,
  bounds: { readonly min: number; readonly max: number },
): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < bounds.min || value > bounds.max)
    throw CliError.USAGE({
      problem: `${option} takes a whole number from ${bounds.min} to ${bounds.max}, not '${text}'`,
    });
  return value;
}
