// What jq's operators do with JSON values. Objects are walked in the order of their keys, as the incumbent's jq does.
import { isForbiddenKey } from "@sluice/base";
import type { Budget } from "../../budget.ts";
import { ExprError } from "../../errors.ts";
import type { BinaryOperator } from "../syntax/ast.ts";

/** An error of the filter itself: `try` catches it, `error` makes one. Never leaves this folder. */
export class JqError extends Error {
  override readonly name = "JqError";
  readonly value: unknown;

  constructor(value: unknown) {
    super(typeof value === "string" ? value : "the filter failed");
    this.value = value;
  }
}

export const fail = (reason: string): never => {
  throw new JqError(reason);
};

export type JqObject = Readonly<Record<string, unknown>>;

export const isObjectValue = (value: unknown): value is JqObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export type JqType = "null" | "boolean" | "number" | "string" | "array" | "object";

export function typeOf(value: unknown): JqType {
  if (value === null || value === undefined) return "null";
  if (Array.isArray(value)) return "array";
  const type = typeof value;
  return type === "boolean" || type === "number" || type === "string" ? type : "object";
}

/** Whether a value counts as true: all but null and false. */
export const isTrue = (value: unknown): boolean => value !== null && value !== undefined && value !== false;

/** Code points in order, not UTF-16 units. */
export function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  const a = [...left];
  const b = [...right];
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = (a[i]?.codePointAt(0) ?? 0) - (b[i]?.codePointAt(0) ?? 0);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

export const keysOf = (value: JqObject): readonly string[] => Object.keys(value).sort(compareTexts);

/** A new map. Errors: EXPR_FORBIDDEN_KEY. */
export function objectOf(entries: Iterable<readonly [string, unknown]>): JqObject {
  const made: Record<string, unknown> = {};
  for (const [key, value] of entries) {
    if (isForbiddenKey(key)) throw ExprError.FORBIDDEN_KEY({ key });
    made[key] = value;
  }
  return made;
}

const ranks: readonly JqType[] = ["null", "boolean", "number", "string", "array", "object"];
const rankOf = (value: unknown): number => (value === true ? 1.5 : ranks.indexOf(typeOf(value)));

/** jq's total order: null, false, true, numbers, texts, lists, maps (by keys first). */
export function compareValues(left: unknown, right: unknown, budget: Budget): number {
  budget.spend();
  const byType = rankOf(left) - rankOf(right);
  if (byType !== 0) return byType;
  if (typeof left === "number" && typeof right === "number")
    return Number.isNaN(left) ? -1 : Number.isNaN(right) ? 1 : left - right;
  if (typeof left === "string" && typeof right === "string") return compareTexts(left, right);
  if (Array.isArray(left) && Array.isArray(right)) return compareLists(left, right, budget);
  if (!isObjectValue(left) || !isObjectValue(right)) return 0;
  const keys = keysOf(left);
  const byKeys = compareLists(keys, keysOf(right), budget);
  if (byKeys !== 0) return byKeys;
  for (const key of keys) {
    const order = compareValues(left[key], right[key], budget);
    if (order !== 0) return order;
  }
  return 0;
}

function compareLists(left: readonly unknown[], right: readonly unknown[], budget: Budget): number {
  for (let i = 0; i < left.length && i < right.length; i++) {
    const order = compareValues(left[i], right[i], budget);
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

export function calculate(operator: BinaryOperator, left: unknown, right: unknown, budget: Budget): unknown {
  switch (operator) {
    case "+":
      return add(left, right, budget);
    case "-":
      return subtract(left, right, budget);
    case "*":
      return multiply(left, right, budget);
    case "/":
      return divide(left, right, budget);
    case "%":
      return modulo(left, right);
    case "==":
      return compareValues(left, right, budget) === 0;
    case "!=":
      return compareValues(left, right, budget) !== 0;
    case "<":
      return compareValues(left, right, budget) < 0;
    case "<=":
      return compareValues(left, right, budget) <= 0;
    case ">":
      return compareValues(left, right, budget) > 0;
    case ">=":
      return compareValues(left, right, budget) >= 0;
  }
}

export function add(left: unknown, right: unknown, budget: Budget): unknown {
  if (left === null || left === undefined) return right;
  if (right === null || right === undefined) return left;
  if (typeof left === "number" && typeof right === "number") return left + right;
  if (typeof left === "string" && typeof right === "string") {
    budget.text(left.length + right.length);
    return left + right;
  }
  if (Array.isArray(left) && Array.isArray(right)) {
    budget.items(left.length + right.length);
    return [...left, ...right];
  }
  if (isObjectValue(left) && isObjectValue(right)) {
    budget.items(Object.keys(left).length + Object.keys(right).length);
    return { ...left, ...right };
  }
  return fail(`${shown(left)} and ${shown(right)} cannot be added`);
}

function subtract(left: unknown, right: unknown, budget: Budget): unknown {
  if (typeof left === "number" && typeof right === "number") return left - right;
  if (Array.isArray(left) && Array.isArray(right))
    return left.filter((item) => !right.some((other) => compareValues(item, other, budget) === 0));
  return fail(`${shown(left)} and ${shown(right)} cannot be subtracted`);
}

function multiply(left: unknown, right: unknown, budget: Budget): unknown {
  if (typeof left === "number" && typeof right === "number") return left * right;
  if (typeof left === "string" && typeof right === "number") return repeated(left, right, budget);
  if (typeof left === "number" && typeof right === "string") return repeated(right, left, budget);
  if (isObjectValue(left) && isObjectValue(right)) return merged(left, right, budget, 0);
  return fail(`${shown(left)} and ${shown(right)} cannot be multiplied`);
}

function repeated(text: string, count: number, budget: Budget): string | null {
  if (!(count > 0)) return null;
  const times = count < 1 ? 1 : Math.floor(count);
  budget.text(text.length * times);
  return text.repeat(times);
}

const maxMergeDepth = 500;

function merged(left: JqObject, right: JqObject, budget: Budget, depth: number): JqObject {
  if (depth > maxMergeDepth) return fail(`the maps nest deeper than ${maxMergeDepth}`);
  const made: Record<string, unknown> = { ...left };
  for (const [key, value] of Object.entries(right)) {
    budget.spend();
    const old = Object.hasOwn(made, key) ? made[key] : undefined;
    made[key] = isObjectValue(old) && isObjectValue(value) ? merged(old, value, budget, depth + 1) : value;
  }
  return made;
}

function divide(left: unknown, right: unknown, budget: Budget): unknown {
  if (typeof left === "number" && typeof right === "number")
    return right === 0
      ? fail(`${shown(left)} and ${shown(right)} cannot be divided because the divisor is zero`)
      : left / right;
  if (typeof left === "string" && typeof right === "string") return splitText(left, right, budget);
  return fail(`${shown(left)} and ${shown(right)} cannot be divided`);
}

export function splitText(text: string, separator: string, budget: Budget): readonly string[] {
  budget.text(text.length);
  if (text === "") return [];
  const parts = separator === "" ? [...text] : text.split(separator);
  budget.items(parts.length);
  return parts;
}

function modulo(left: unknown, right: unknown): unknown {
  if (typeof left !== "number" || typeof right !== "number")
    return fail(`${shown(left)} and ${shown(right)} cannot be divided`);
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.NaN;
  const divisor = Math.abs(Math.trunc(right));
  if (divisor === 0)
    return fail(`${shown(left)} and ${shown(right)} cannot be divided because the divisor is zero`);
  return (Math.trunc(left) % divisor) + 0;
}

const maxJsonDepth = 500;

/** Compact JSON with sorted keys; what is no number is null, infinities are the largest number. */
export function toJson(value: unknown, budget: Budget): string {
  const text = JSON.stringify(plain(value, budget, 0));
  budget.text(text.length);
  return text;
}

function plain(value: unknown, budget: Budget, depth: number): unknown {
  budget.spend();
  if (depth > maxJsonDepth) return fail(`the value nests deeper than ${maxJsonDepth}`);
  if (typeof value === "number") {
    if (Number.isNaN(value)) return null;
    return Number.isFinite(value) ? value : Math.sign(value) * Number.MAX_VALUE;
  }
  if (Array.isArray(value)) return value.map((item) => plain(item, budget, depth + 1));
  if (!isObjectValue(value)) return value ?? null;
  return objectOf(keysOf(value).map((key) => [key, plain(value[key], budget, depth + 1)] as const));
}

const maxShown = 11;

/** A value as jq's messages show it: `string ("abc…)`. */
export function shown(value: unknown): string {
  const type = typeOf(value);
  const json = JSON.stringify(value) ?? "null";
  return `${type} (${json.length > maxShown ? `${json.slice(0, maxShown - 1)}…` : json})`;
}
