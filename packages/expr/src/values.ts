import { isForbiddenKey } from "@sluice/base";
import type { Budget } from "./budget.ts";
import { ExprError } from "./errors.ts";
import { fault } from "./fault.ts";
import { GoDuration, GoTime } from "./time/go-time.ts";

/** A map of an expression: a plain object whose own properties alone are ever looked at. */
export type Mapping = Readonly<Record<string, unknown>>;

export function isMapping(value: unknown): value is Mapping {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** An own property, or null as Go's maps give their zero. Errors: EXPR_FORBIDDEN_KEY. */
export function readKey(value: Mapping, key: string): unknown {
  if (isForbiddenKey(key)) throw ExprError.FORBIDDEN_KEY({ key });
  return Object.hasOwn(value, key) ? (value[key] ?? null) : null;
}

/** Builds a map. Errors: EXPR_FORBIDDEN_KEY. */
export function makeMapping(entries: Iterable<readonly [string, unknown]>): Mapping {
  const made: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    if (isForbiddenKey(key)) throw ExprError.FORBIDDEN_KEY({ key });
    made[key] = value;
  }
  return made;
}

/** A value with methods of its own, as Go's structs are. It is shown, and is JSON, as its text. */
export abstract class MethodValue {
  abstract readonly typeName: string;
  abstract toString(): string;
  /** The method of this name. */
  abstract method(name: string): ((args: readonly unknown[]) => unknown) | undefined;
}

export function typeName(value: unknown): string {
  if (value === null || value === undefined) return "nil";
  if (Array.isArray(value)) return "array";
  if (value instanceof GoTime) return "time.Time";
  if (value instanceof GoDuration) return "time.Duration";
  if (value instanceof MethodValue) return value.typeName;
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  if (typeof value === "string") return "string";
  return typeof value === "function" ? "func" : "map";
}

/** A text by characters (code points); the text itself where each is one unit. */
export const charactersOf = (text: string): string | readonly string[] =>
  surrogate.test(text) ? [...text] : text;
const surrogate = /[\ud800-\udfff]/;

/** The position of a unit of a text, in characters. */
export const characterIndex = (text: string, unit: number): number =>
  unit < 0 ? unit : charactersOf(text.slice(0, unit)).length;

/** Deep equality; ints and floats are one kind. Bounded by the budget. */
export function equalValues(left: unknown, right: unknown, budget: Budget): boolean {
  budget.spend();
  if (left === right) return true;
  if (left === null || left === undefined) return right === null || right === undefined;
  if (left instanceof GoTime && right instanceof GoTime) return left.epochMs === right.epochMs;
  if (left instanceof GoDuration && right instanceof GoDuration) return left.ns === right.ns;
  if (Array.isArray(left))
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => equalValues(item, right[index], budget))
    );
  if (!isMapping(left) || !isMapping(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equalValues(left[key], right[key], budget))
  );
}

/** Order of two numbers, texts, times or durations; anything else is a fault. */
export function orderOf(left: unknown, right: unknown, operator: string): number {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  if (left instanceof GoTime && right instanceof GoTime) return left.epochMs - right.epochMs;
  if (left instanceof GoDuration && right instanceof GoDuration) return left.ns - right.ns;
  if (left instanceof GoTime && typeof right === "string")
    return orderOf(left, GoTime.parse(right) ?? null, operator);
  if (typeof left === "string" && right instanceof GoTime)
    return orderOf(GoTime.parse(left) ?? null, right, operator);
  return fault(`invalid operation: ${operator} (mismatched types ${typeName(left)} and ${typeName(right)})`);
}

/** Go's json.Marshal: keys sorted, times as RFC 3339, durations as nanoseconds; not `<`-escaped. */
export function goJson(value: unknown, budget: Budget, indent?: string): string {
  const text = JSON.stringify(plain(value, budget, 0), undefined, indent);
  budget.text(text.length);
  return text;
}

const maxJsonDepth = 500;

function plain(value: unknown, budget: Budget, depth: number): unknown {
  budget.spend();
  if (depth > maxJsonDepth) fault(`the value nests deeper than ${maxJsonDepth}`);
  if (value === undefined || value === null) return null;
  if (typeof value === "number")
    return Number.isFinite(value) ? value : fault(`json: unsupported value: ${infinityText(value)}`);
  if (typeof value !== "object")
    return typeof value === "function" ? fault("json: unsupported type: func") : value;
  if (value instanceof GoTime) return value.rfc3339();
  if (value instanceof GoDuration) return value.ns;
  if (value instanceof MethodValue) return value.toString();
  if (Array.isArray(value)) return value.map((item) => plain(item, budget, depth + 1));
  if (!isMapping(value)) return fault("json: unsupported type");
  return makeMapping(
    Object.keys(value)
      .sort()
      .map((key) => [key, plain(value[key], budget, depth + 1)] as const),
  );
}

export const infinityText = (value: number): string =>
  Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
