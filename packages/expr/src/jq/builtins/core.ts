// Functions of values: lists, maps, types, paths.
import type { Budget } from "../../budget.ts";
import { deletePaths, indicesOf, setAt, stepsFrom } from "../values/paths.ts";
import {
  add,
  compareValues,
  fail,
  isObjectValue,
  keysOf,
  objectOf,
  shown,
  toJson,
  typeOf,
} from "../values/values.ts";
import type { ValueFunction } from "./function.ts";

export const listOf = (value: unknown, what: string): readonly unknown[] =>
  Array.isArray(value) ? value : fail(`${shown(value)} cannot be ${what}, as it is not an array`);

function lengthOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === "number") return Math.abs(value);
  if (typeof value === "string") return [...value].length;
  if (Array.isArray(value)) return value.length;
  return isObjectValue(value) ? Object.keys(value).length : fail(`${shown(value)} has no length`);
}

function keys(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value.map((_, index) => index);
  return isObjectValue(value) ? keysOf(value) : fail(`${shown(value)} has no keys`);
}

function has(value: unknown, key: unknown): boolean {
  if (isObjectValue(value) && typeof key === "string") return Object.hasOwn(value, key);
  if (Array.isArray(value) && typeof key === "number") return key >= 0 && key < value.length;
  return fail(`Cannot check whether ${typeOf(value)} has a ${typeOf(key)} key`);
}

const maxContainsDepth = 500;

function contains(left: unknown, right: unknown, budget: Budget, depth = 0): boolean {
  budget.spend();
  if (depth > maxContainsDepth) return fail(`the values nest deeper than ${maxContainsDepth}`);
  if (isObjectValue(left) && isObjectValue(right))
    return Object.entries(right).every(
      ([key, value]) => Object.hasOwn(left, key) && contains(left[key], value, budget, depth + 1),
    );
  if (Array.isArray(left) && Array.isArray(right))
    return right.every((item) => left.some((other) => contains(other, item, budget, depth + 1)));
  if (typeof left === "string" && typeof right === "string") return left.includes(right);
  if (typeOf(left) === typeOf(right)) return compareValues(left, right, budget) === 0;
  return fail(`${shown(left)} and ${shown(right)} cannot have their containment checked`);
}

const maxFlattenDepth = 500;

function flattened(items: readonly unknown[], depth: number, budget: Budget): readonly unknown[] {
  if (depth < 0) return fail("flatten depth must not be negative");
  const made: unknown[] = [];
  const walk = (list: readonly unknown[], left: number, nested: number): void => {
    if (nested > maxFlattenDepth) fail(`the lists nest deeper than ${maxFlattenDepth}`);
    for (const item of list) {
      budget.spend();
      if (Array.isArray(item) && left > 0) walk(item, left - 1, nested + 1);
      else made.push(item);
    }
  };
  walk(items, depth, 0);
  return made;
}

function unique(items: readonly unknown[], budget: Budget): readonly unknown[] {
  const sorted = sortedValues(items, budget);
  return sorted.filter((item, index) => index === 0 || compareValues(sorted[index - 1], item, budget) !== 0);
}

const sortedValues = (items: readonly unknown[], budget: Budget): readonly unknown[] =>
  [...items].sort((a, b) => compareValues(a, b, budget));

/** The last of the greatest, the first of the least. */
function extreme(items: readonly unknown[], sign: 1 | -1, budget: Budget): unknown {
  let best: unknown = null;
  for (const [index, item] of items.entries()) {
    const by = index === 0 ? 1 : sign * compareValues(item, best, budget);
    if (by > 0 || (by === 0 && sign > 0)) best = item;
  }
  return best;
}

function transposed(value: unknown): readonly (readonly unknown[])[] {
  const rows = listOf(value, "transposed").map((row) => listOf(row, "transposed"));
  const width = rows.reduce((most, row) => Math.max(most, row.length), 0);
  return Array.from({ length: width }, (_, column) => rows.map((row) => row[column] ?? null));
}

/** Where a value is in a sorted list; else minus one minus where it would go. */
function search(items: readonly unknown[], wanted: unknown, budget: Budget): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const order = compareValues(items[middle], wanted, budget);
    if (order === 0) return middle;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return -1 - low;
}

function indices(value: unknown, wanted: unknown, budget: Budget): readonly number[] | null {
  if (value === null || value === undefined) return null;
  if (typeof value === "string" && typeof wanted === "string") return textIndices(value, wanted, budget);
  const items = listOf(value, "searched");
  if (Array.isArray(wanted)) return indicesOf(items, wanted, budget);
  return items.flatMap((item, index) => (compareValues(item, wanted, budget) === 0 ? [index] : []));
}

function textIndices(text: string, wanted: string, budget: Budget): readonly number[] | null {
  if (wanted === "") return null;
  budget.text(text.length);
  const found: number[] = [];
  let before = 0;
  let counted = 0;
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + 1)) {
    budget.spend();
    counted += [...text.slice(before, at)].length;
    before = at;
    found.push(counted);
  }
  return found;
}

function reversed(value: unknown): unknown {
  if (value === null || value === undefined) return [];
  return typeof value === "string" ? [...value].reverse().join("") : [...listOf(value, "reversed")].reverse();
}

export const coreFunctions: Readonly<Record<string, ValueFunction>> = {
  "length/0": lengthOf,
  "type/0": typeOf,
  "keys/0": keys,
  "keys_unsorted/0": keys,
  "has/1": (value, [key]) => has(value, key),
  "contains/1": (value, [other], { budget }) => contains(value, other, budget),
  "add/0": (value, _, { budget }) => {
    const items = isObjectValue(value) ? keysOf(value).map((key) => value[key]) : listOf(value, "added up");
    return items.reduce<unknown>((sum, item) => add(sum, item, budget), null);
  },
  "flatten/0": (value, _, { budget }) => flattened(listOf(value, "flattened"), maxFlattenDepth, budget),
  "flatten/1": (value, [depth], { budget }) =>
    flattened(listOf(value, "flattened"), typeof depth === "number" ? depth : -1, budget),
  "sort/0": (value, _, { budget }) => sortedValues(listOf(value, "sorted"), budget),
  "unique/0": (value, _, { budget }) => unique(listOf(value, "sorted"), budget),
  "min/0": (value, _, { budget }) => extreme(listOf(value, "ordered"), -1, budget),
  "max/0": (value, _, { budget }) => extreme(listOf(value, "ordered"), 1, budget),
  "reverse/0": reversed,
  "transpose/0": transposed,
  "bsearch/1": (value, [wanted], { budget }) => search(listOf(value, "searched from"), wanted, budget),
  "indices/1": (value, [wanted], { budget }) => indices(value, wanted, budget),
  "index/1": (value, [wanted], { budget }) => indices(value, wanted, budget)?.[0] ?? null,
  "rindex/1": (value, [wanted], { budget }) => indices(value, wanted, budget)?.at(-1) ?? null,
  "setpath/2": (value, [path, made], { budget }) => setAt(value, stepsFrom(path), made, budget),
  "delpaths/1": (value, [paths], { budget }) =>
    deletePaths(value, listOf(paths, "deleted").map(stepsFrom), budget),
  "tojson/0": (value, _, { budget }) => toJson(value, budget),
  "fromjson/0": (value, _, { budget }) => fromJson(value, budget),
};

function fromJson(value: unknown, budget: Budget): unknown {
  if (typeof value !== "string") return fail(`${shown(value)} cannot be parsed as JSON`);
  budget.text(value.length);
  if (value.trim() === "nan") return null;
  try {
    return withoutForbidden(JSON.parse(value), budget);
  } catch (error) {
    return error instanceof SyntaxError
      ? fail(`${error.message} (while parsing '${value.slice(0, 100)}')`)
      : rethrow(error);
  }
}

const rethrow = (error: unknown): never => {
  throw error;
};

/** A parsed value has own keys of any name; those that reach a prototype elsewhere are refused. */
function withoutForbidden(value: unknown, budget: Budget): unknown {
  budget.spend();
  if (Array.isArray(value)) return value.map((item) => withoutForbidden(item, budget));
  if (!isObjectValue(value)) return value;
  return objectOf(
    Object.entries(value).map(([key, inner]) => [key, withoutForbidden(inner, budget)] as const),
  );
}
