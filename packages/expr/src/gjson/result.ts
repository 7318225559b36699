import type { Json } from "@sluice/base";
import { ExprError } from "../errors.ts";

export type GjsonType = "Null" | "False" | "Number" | "String" | "True" | "JSON";

/** What a path led to. `value` is undefined exactly when it does not exist. */
export interface GjsonResult {
  readonly exists: boolean;
  readonly value: Json | undefined;
  /** A missing value has type Null. */
  readonly type: GjsonType;
}

export const missing: GjsonResult = { exists: false, value: undefined, type: "Null" };

export const resultOf = (value: Json | undefined): GjsonResult =>
  value === undefined ? missing : { exists: true, value, type: gjsonType(value) };

export function gjsonType(value: Json): GjsonType {
  if (value === null) return "Null";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "number") return "Number";
  return typeof value === "string" ? "String" : "JSON";
}

/** gjson's `.String()`: texts bare, objects and arrays as JSON, null and missing as "". */
export function gjsonString({ value }: GjsonResult): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  return typeof value === "number" ? plainNumber(value) : jsonText(value);
}

/** gjson's `.Float()`: numeric texts are parsed, true is 1, anything else 0. */
export function gjsonFloat({ value }: GjsonResult): number {
  if (typeof value === "number") return value;
  if (value === true) return 1;
  return typeof value === "string" ? (parseFloatStrictly(value) ?? 0) : 0;
}

/** gjson's `.Bool()`: the texts Go's ParseBool takes as true (in any case), numbers other than 0, true. */
export function gjsonBool({ value }: GjsonResult): boolean {
  if (typeof value === "string") return parseBool(value.toLowerCase()) ?? false;
  return typeof value === "number" ? value !== 0 : value === true;
}

/** gjson's `.Raw`: the value as JSON text; "" when missing. */
export const gjsonRaw = ({ value }: GjsonResult): string =>
  value === undefined ? "" : JSON.stringify(value);

/** JSON text of a value. What nests too deep to be written is a bound and not a crash. */
export function jsonText(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw ExprError.LIMIT({ language: "gjson", what: "nested levels of a value", max: maxValueDepth }, cause);
  }
}

/** Deepest value that is surely worked with; events may nest deeper but not be turned into text then. */
export const maxValueDepth = 1_000;

/** Go's strconv.ParseBool, or undefined where it errs. */
export function parseBool(text: string): boolean | undefined {
  if (["1", "t", "T", "TRUE", "true", "True"].includes(text)) return true;
  return ["0", "f", "F", "FALSE", "false", "False"].includes(text) ? false : undefined;
}

/** Go's strconv.ParseFloat (decimal forms), or undefined where it errs. */
export function parseFloatStrictly(text: string): number | undefined {
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A number without an exponent, as Go's FormatFloat(f, 'f', -1, 64). */
export function plainNumber(value: number): string {
  const text = String(value);
  const match = /^(-?)(\d)(?:\.(\d+))?e([-+]\d+)$/.exec(text);
  if (match === null) return Object.is(value, -0) ? "-0" : text;
  const [, sign = "", lead = "", fraction = "", exponent = "0"] = match;
  const digits = lead + fraction;
  const point = 1 + Number(exponent);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return sign + digits.padEnd(point, "0");
}
