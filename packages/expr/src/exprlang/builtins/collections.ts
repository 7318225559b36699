import { listArgument, wholeArgument, wrong } from "../../arguments.ts";
import type { Budget } from "../../budget.ts";
import { fault } from "../../fault.ts";
import { equalValues, isMapping, makeMapping, orderOf, readKey, typeName } from "../../values.ts";
import type { LanguageFunction } from "../context.ts";

export const collectionBuiltins: Readonly<Record<string, LanguageFunction>> = {
  len: (args) => {
    const value = args[0];
    if (typeof value === "string") return [...value].length;
    if (Array.isArray(value)) return value.length;
    return isMapping(value)
      ? Object.keys(value).length
      : wrong(args, 0, "len", "a string, an array or a map");
  },
  first: (args) => listArgument(args, 0, "first")[0] ?? null,
  last: (args) => listArgument(args, 0, "last").at(-1) ?? null,
  get: ([value, key]) => {
    if (isMapping(value)) return typeof key === "string" ? readKey(value, key) : null;
    if (value === null || value === undefined) return null;
    if (!Array.isArray(value)) return fault(`type ${typeName(value)} does not support indexing`);
    if (typeof key !== "number") return null;
    return value[key < 0 ? value.length + key : key] ?? null;
  },
  take: (args) => {
    const count = wholeArgument(args, 1, "take");
    return listArgument(args, 0, "take").slice(0, count < 0 ? fault(`cannot take ${count} items`) : count);
  },
  reverse: (args) => listArgument(args, 0, "reverse").toReversed(),
  concat: (args, { budget }) => {
    const lists = args.map((_, index) => listArgument(args, index, "concat"));
    budget.items(lists.reduce((total, list) => total + list.length, 0));
    return lists.flat();
  },
  flatten: (args, { budget }) => flattened(listArgument(args, 0, "flatten"), budget, 0),
  uniq: (args, { budget }) => {
    const kept: unknown[] = [];
    for (const item of listArgument(args, 0, "uniq"))
      if (!kept.some((other) => equalValues(item, other, budget))) kept.push(item);
    return kept;
  },
  sort: (args, { budget }) => {
    const items = listArgument(args, 0, "sort");
    budget.items(items.length);
    const sign = args[1] === "desc" ? -1 : 1;
    return items.toSorted((a, b) => sign * orderOf(a, b, "<"));
  },
  keys: (args) => Object.keys(mapArgument(args, "keys")).sort(),
  values: (args) => {
    const map = mapArgument(args, "values");
    return Object.keys(map)
      .sort()
      .map((key) => map[key]);
  },
  toPairs: (args) => {
    const map = mapArgument(args, "toPairs");
    return Object.keys(map)
      .sort()
      .map((key) => [key, map[key]]);
  },
  fromPairs: (args) =>
    makeMapping(
      listArgument(args, 0, "fromPairs").map((pair) => {
        if (!Array.isArray(pair) || pair.length !== 2) return fault("invalid pair, wanted [key, value]");
        return [String(pair[0]), pair[1]] as const;
      }),
    ),
};

function mapArgument(args: readonly unknown[], name: string) {
  const value = args[0];
  return isMapping(value) ? value : wrong(args, 0, name, "a map");
}

function flattened(items: readonly unknown[], budget: Budget, depth: number): readonly unknown[] {
  if (depth > 100) fault("recursion depth exceeded");
  const made: unknown[] = [];
  for (const item of items) {
    budget.spend();
    if (Array.isArray(item)) made.push(...flattened(item, budget, depth + 1));
    else made.push(item);
  }
  return made;
}
