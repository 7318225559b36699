import { fault } from "../fault.ts";
import { parseFloatStrictly } from "../gjson/result.ts";
import { GoDuration, GoTime } from "../time/go-time.ts";
import { isMapping, typeName } from "../values.ts";

/** Sprig's strval: any scalar as text. */
export function str(value: unknown): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "";
  if (value instanceof GoTime) return value.rfc3339();
  if (value instanceof GoDuration) return value.toString();
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** Sprig's toInt64: texts are parsed, floats cut, what cannot be read is 0. */
export function int(value: unknown): number {
  const read = float(value);
  return Number.isFinite(read) ? Math.trunc(read) : 0;
}

export function float(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof GoDuration) return value.ns;
  if (typeof value !== "string") return 0;
  return /^0[xX][\da-fA-F]+$/.test(value) ? Number(value) : (parseFloatStrictly(value.trim()) ?? 0);
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
