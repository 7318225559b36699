import { Budget } from "../budget.ts";
import { fault } from "../fault.ts";
import { parseFloatStrictly } from "../gjson/result.ts";
import { formatPlain } from "../printf.ts";
import { GoDuration } from "../time/go-time.ts";
import { isMapping, typeName } from "../values.ts";

/** Sprig's strval: any value as Go prints it; nil is no text. */
export function str(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? formatPlain(value, new Budget("expr")) : String(value);
}

/** Sprig's toInt64: floats are cut; whole numbers in texts are read as Go writes them, `010` as 8; all else is 0. */
export function int(value: unknown): number {
  const read = typeof value === "string" ? wholeOf(value.trim()) : float(value);
  return Number.isFinite(read) ? Math.trunc(read) : 0;
}

function wholeOf(text: string): number {
  const found = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO]?[0-7]+|0|[1-9]\d*)(?:\.0*)?$/.exec(
    text.replaceAll("_", ""),
  );
  if (found === null) return 0;
  const digits = (found[2] ?? "").replace(/^0(?=\d)/, "0o");
  return Number(digits) * (found[1] === "-" ? -1 : 1);
}

export function float(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof GoDuration) return value.ns;
  if (typeof value !== "string") return 0;
  return parseFloatStrictly(value.trim()) ?? 0;
}

export function list(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  return fault(`a list is wanted, came ${typeName(value)}`);
}

export function dict(value: unknown): Readonly<Record<string, unknown>> {
  return isMapping(value) ? value : fault(`a dict is wanted, came ${typeName(value)}`);
}

/** Go's notion of an empty value: what `if`, `default` and `empty` look at. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === "" || value === 0) return true;
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof GoDuration) return value.ns === 0;
  return isMapping(value) && Object.keys(value).length === 0;
}
