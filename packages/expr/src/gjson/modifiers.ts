import { isObject, type Json, type JsonObject } from "@sluice/base";
import { closingBracket, closingQuote, modifierName } from "./path.ts";
import { type GjsonResult, jsonText, missing, resultOf } from "./result.ts";
import type { Walk } from "./walk.ts";

/** Runs the modifier at the head of `path` (`@name` or `@name:argument`) and goes on with what follows it. */
export function applyModifier(walk: Walk, value: Json, path: string): GjsonResult {
  const name = modifierName(path);
  const modifier = modifiers[name];
  if (modifier === undefined) return unknownModifier(walk, value, path);
  const after = path.slice(1 + name.length);
  const end = after.startsWith(":") ? argumentEnd(after) : 0;
  const text = after.slice(1, end);
  const result = modifier(value, parseArgument(text), walk, text);
  const rest = after.slice(end);
  if (result === undefined) return missing;
  return rest === "" ? resultOf(result) : walk.get(result, rest.slice(1));
}

/** `@name` that is no modifier is a key that starts with an at sign. */
function unknownModifier(walk: Walk, value: Json, path: string): GjsonResult {
  if (!isObject(value)) return missing;
  return walk.get(value, `\\${path}`);
}

function argumentEnd(after: string): number {
  const first = after[1] ?? "";
  if ("{[(".includes(first) && first !== "") return closedOrAll(closingBracket(after, 1), after);
  if (first === '"') return closedOrAll(closingQuote(after, 1), after);
  const end = after.search(/[.|]/);
  return end < 0 ? after.length : end;
}

const closedOrAll = (end: number, text: string): number => (end < 0 ? text.length : end + 1);

function parseArgument(text: string): JsonObject {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? (parsed as JsonObject) : {};
  } catch {
    return {};
  }
}

type Modifier = (value: Json, argument: JsonObject, walk: Walk, text: string) => Json | undefined;

const same: Modifier = (value) => value;

const modifiers: Readonly<Record<string, Modifier | undefined>> = Object.assign(Object.create(null), {
  this: same,
  // The value is parsed already, so how it was spaced is gone and every value is valid.
  pretty: (value: Json, argument: JsonObject, walk: Walk) =>
    argument["sortKeys"] === true ? sorted(value, walk) : value,
  ugly: same,
  valid: same,
  reverse,
  flatten,
  join,
  keys: (value: Json) =>
    isObject(value) ? Object.keys(value) : Array.isArray(value) ? value.map(() => null) : [],
  values: (value: Json) =>
    isObject(value) ? (Object.values(value) as Json[]) : Array.isArray(value) ? value : [value],
  tostr: (value: Json, _argument: JsonObject, walk: Walk) => {
    const text = jsonText(value);
    walk.budget.text(text.length);
    return text;
  },
  fromstr,
  group,
  dig,
});

function reverse(value: Json): Json {
  if (Array.isArray(value)) return value.toReversed();
  return isObject(value) ? Object.fromEntries(Object.entries(value as JsonObject).reverse()) : value;
}

function flatten(value: Json, argument: JsonObject, walk: Walk): Json {
  if (!Array.isArray(value)) return value;
  const deep = argument["deep"] === true;
  const made: Json[] = [];
  const add = (items: readonly Json[], depth: number): void => {
    for (const item of items) {
      walk.budget.spend();
      if (Array.isArray(item) && (deep ? depth < 100 : depth < 1)) add(item, depth + 1);
      else made.push(item);
    }
  };
  add(value, 0);
  return made;
}

function join(value: Json, argument: JsonObject): Json {
  if (!Array.isArray(value)) return value;
  const objects = value.filter((item) => isObject(item)) as JsonObject[];
  if (argument["preserve"] === true)
    return Object.fromEntries(objects.flatMap((item) => Object.entries(item)));
  return Object.fromEntries(new Map(objects.flatMap((item) => Object.entries(item))));
}

function fromstr(value: Json): Json | undefined {
  if (typeof value !== "string") return undefined;
  try {
    return JSON.parse(value) as Json;
  } catch {
    return undefined;
  }
}

/** `{"a":[1,2],"b":[3,4]}` becomes `[{"a":1,"b":3},{"a":2,"b":4}]`. */
function group(value: Json, _argument: JsonObject, walk: Walk): Json | undefined {
  if (!isObject(value)) return undefined;
  const rows: Map<string, Json>[] = [];
  for (const [key, column] of Object.entries(value as JsonObject)) {
    if (!Array.isArray(column)) continue;
    for (const [index, item] of column.entries()) {
      walk.budget.spend();
      let row = rows[index];
      if (row === undefined) {
        row = new Map();
        rows[index] = row;
      }
      row.set(key, item);
    }
  }
  return Array.from(rows, (row) => Object.fromEntries(row ?? []));
}

/** Everything that a path leads to, from the value itself and from each value inside it. */
function dig(value: Json, _argument: JsonObject, walk: Walk, path: string): Json {
  const found: Json[] = [];
  const add = (at: Json, depth: number): void => {
    walk.level(depth);
    const here = walk.get(at, path).value;
    if (here !== undefined) found.push(here);
    if (typeof at === "object" && at !== null)
      for (const inner of Object.values(at)) add(inner as Json, depth + 1);
  };
  add(value, 0);
  // One value may be found under many paths: what is shown counts, not what is shared.
  walk.weigh(found);
  return found;
}

function sorted(value: Json, walk: Walk, depth = 0): Json {
  walk.level(depth);
  if (Array.isArray(value)) return value.map((item) => sorted(item, walk, depth + 1));
  if (!isObject(value)) return value;
  const entries = Object.entries(value as JsonObject).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner as Json, walk, depth + 1)]));
}
