import type { LanguageFunction } from "../exprlang/context.ts";
import { fault } from "../fault.ts";
import { goTypeName } from "../printf.ts";
import { equalValues, isMapping, type Mapping, makeMapping, readKey, typeName } from "../values.ts";
import { dict, int, isEmpty, list, str } from "./cast.ts";

/** Pairs of arguments as entries of a dict. */
const pairs = (args: readonly unknown[]): readonly (readonly [string, unknown])[] =>
  args
    .filter((_, index) => index % 2 === 0)
    .map((key, index) => [str(key), args[index * 2 + 1] ?? ""] as const);

function merged(args: readonly unknown[], first: boolean, depth = 0): Mapping {
  if (depth > 50) fault("the dicts nest too deep to merge");
  const made = new Map<string, unknown>();
  for (const source of args.map(dict)) {
    for (const [key, value] of Object.entries(source)) {
      const known = made.get(key);
      if (isMapping(known) && isMapping(value)) made.set(key, merged([known, value], first, depth + 1));
      else if (!made.has(key) || !first || isEmpty(known)) made.set(key, value);
    }
  }
  return makeMapping(made);
}

function dug(args: readonly unknown[]): unknown {
  if (args.length < 3) fault("dig needs at least three arguments");
  const keys = args.slice(0, -2).map(str);
  let value: unknown = args.at(-1);
  for (const key of keys) {
    if (!isMapping(value) || !Object.hasOwn(value, key)) return args.at(-2);
    value = readKey(value, key);
  }
  return value;
}

const chunks = (size: number, items: readonly unknown[]): readonly unknown[] => {
  if (size <= 0) fault("a chunk has at least one item");
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
    items.slice(i * size, (i + 1) * size),
  );
};

const uniq: LanguageFunction = ([items], { budget }) => {
  const kept: unknown[] = [];
  for (const item of list(items))
    if (!kept.some((other) => equalValues(item, other, budget))) kept.push(item);
  return kept;
};

const basic: Readonly<Record<string, LanguageFunction>> = {
  list: (args) => args,
  tuple: (args) => args,
  first: ([items]) => list(items)[0] ?? null,
  last: ([items]) => list(items).at(-1) ?? null,
  rest: ([items]) => list(items).slice(1),
  initial: ([items]) => list(items).slice(0, -1),
  append: ([items, item]) => [...list(items), item],
  prepend: ([items, item]) => [item, ...list(items)],
  reverse: ([items]) => list(items).toReversed(),
  compact: ([items]) => list(items).filter((item) => !isEmpty(item)),
  uniq,
  slice: ([items, from, to]) => list(items).slice(int(from), to === undefined ? undefined : int(to)),
  chunk: ([size, items]) => chunks(int(size), list(items)),
  without: ([items, ...dropped], { budget }) =>
    list(items).filter((item) => !dropped.some((other) => equalValues(item, other, budget))),
  has: ([needle, items], { budget }) => list(items).some((item) => equalValues(item, needle, budget)),
};

/** The `must…` forms fail where the plain ones would; here both do. */
const must = Object.fromEntries(
  Object.entries(basic).map(([name, run]) => [`must${name[0]?.toUpperCase()}${name.slice(1)}`, run]),
);

export const collectionFunctions: Readonly<Record<string, LanguageFunction>> = {
  ...basic,
  ...must,
  concat: (args, { budget }) => {
    const lists = args.map(list);
    budget.items(lists.reduce((total, items) => total + items.length, 0));
    return lists.flat();
  },
  dict: (args) => makeMapping(pairs(args)),
  get: ([map, key]) => (Object.hasOwn(dict(map), str(key)) ? readKey(dict(map), str(key)) : ""),
  // Values are never changed in place: another reader may hold the same dict.
  set: ([map, key, value]) => makeMapping([...Object.entries(dict(map)), [str(key), value]]),
  unset: ([map, key]) => makeMapping(Object.entries(dict(map)).filter(([name]) => name !== str(key))),
  hasKey: ([map, key]) => Object.hasOwn(dict(map), str(key)),
  keys: (args) => args.flatMap((map) => Object.keys(dict(map)).sort()),
  values: ([map]) =>
    Object.keys(dict(map))
      .sort()
      .map((key) => dict(map)[key]),
  pick: ([map, ...names]) =>
    makeMapping(Object.entries(dict(map)).filter(([key]) => names.map(str).includes(key))),
  omit: ([map, ...names]) =>
    makeMapping(Object.entries(dict(map)).filter(([key]) => !names.map(str).includes(key))),
  pluck: ([key, ...maps]) =>
    maps
      .map(dict)
      .filter((map) => Object.hasOwn(map, str(key)))
      .map((map) => readKey(map, str(key))),
  merge: (args) => merged(args, true),
  mustMerge: (args) => merged(args, true),
  mergeOverwrite: (args) => merged(args, false),
  mustMergeOverwrite: (args) => merged(args, false),
  dig: dug,
  deepCopy: ([value]) => value,
  deepEqual: ([left, right], { budget }) => equalValues(left, right, budget),
  // What decides.
  default: ([fallback, value]) => (isEmpty(value) ? fallback : value),
  empty: ([value]) => isEmpty(value),
  coalesce: (args) => args.find((value) => !isEmpty(value)) ?? null,
  all: (args) => args.every((value) => !isEmpty(value)),
  any: (args) => args.some((value) => !isEmpty(value)),
  ternary: ([yes, no, test]) => (test === true ? yes : no),
  fail: ([reason]) => fault(str(reason)),
  kindOf: ([value]) => kindOf(value),
  typeOf: ([value]) => goTypeName(value),
  kindIs: ([kind, value]) => kind === kindOf(value),
  typeIs: ([type, value]) => type === goTypeName(value),
};

function kindOf(value: unknown): string {
  const names: Readonly<Record<string, string>> = { nil: "invalid", array: "slice", float: "float64" };
  const name = typeName(value);
  return names[name] ?? name;
}
