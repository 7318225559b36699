import { listArgument, wrong } from "../../arguments.ts";
import { fault } from "../../fault.ts";
import { makeMapping, orderOf, typeName } from "../../values.ts";
import { Closure, type FunctionContext, type LanguageFunction } from "../context.ts";

type Test = (item: unknown, index: number) => unknown;

/** The list and its predicate; each call of the predicate costs a step. */
function listAndTest(
  args: readonly unknown[],
  name: string,
  context: FunctionContext,
): readonly [readonly unknown[], Test] {
  const items = listArgument(args, 0, name);
  const closure = args[1];
  if (!(closure instanceof Closure)) return wrong(args, 1, name, "a predicate");
  return [
    items,
    (item, index) => {
      context.budget.spend();
      return closure.call(item, index, undefined);
    },
  ];
}

function truth(value: unknown): boolean {
  return typeof value === "boolean"
    ? value
    : fault(`predicate should return boolean, came ${typeName(value)}`);
}

/** A built-in over a list with a boolean predicate. */
const testing =
  (
    name: string,
    run: (items: readonly unknown[], holds: (item: unknown, index: number) => boolean) => unknown,
  ): LanguageFunction =>
  (args, context) => {
    const [items, test] = listAndTest(args, name, context);
    return run(items, (item, index) => truth(test(item, index)));
  };

const mapping =
  (
    name: string,
    run: (items: readonly unknown[], of: Test, context: FunctionContext) => unknown,
  ): LanguageFunction =>
  (args, context) => {
    const [items, test] = listAndTest(args, name, context);
    return run(items, test, context);
  };

export const predicateBuiltins: Readonly<Record<string, LanguageFunction>> = {
  all: testing("all", (items, holds) => items.every(holds)),
  any: testing("any", (items, holds) => items.some(holds)),
  none: testing("none", (items, holds) => !items.some(holds)),
  one: testing("one", (items, holds) => items.filter(holds).length === 1),
  filter: testing("filter", (items, holds) => items.filter(holds)),
  find: testing("find", (items, holds) => items.find(holds) ?? null),
  findIndex: testing("findIndex", (items, holds) => place(items.findIndex(holds))),
  findLast: testing("findLast", (items, holds) => items.findLast(holds) ?? null),
  findLastIndex: testing("findLastIndex", (items, holds) => place(items.findLastIndex(holds))),
  count: (args, context) => {
    const holds =
      args.length === 1 ? (item: unknown) => item === true : listAndTest(args, "count", context)[1];
    return listArgument(args, 0, "count").filter((item, index) => truth(holds(item, index))).length;
  },
  map: mapping("map", (items, of) => items.map(of)),
  groupBy: mapping("groupBy", (items, of) => makeMapping(grouped(items, of))),
  countBy: mapping("countBy", (items, of) =>
    makeMapping([...grouped(items, of)].map(([key, group]) => [key, group.length] as const)),
  ),
  sortBy: (args, context) => {
    const [items, of] = listAndTest(args, "sortBy", context);
    const sign = args[2] === "desc" ? -1 : 1;
    context.budget.items(items.length);
    return items
      .map((item, index) => ({ item, key: of(item, index) }))
      .sort((a, b) => sign * orderOf(a.key, b.key, "<"))
      .map(({ item }) => item);
  },
  reduce: (args, context) => {
    const items = listArgument(args, 0, "reduce");
    const closure = args[1];
    if (!(closure instanceof Closure)) return wrong(args, 1, "reduce", "a closure");
    if (args.length < 3 && items.length === 0) fault("reduce of empty array with no initial value");
    let acc = args.length > 2 ? args[2] : items[0];
    for (let index = args.length > 2 ? 0 : 1; index < items.length; index++) {
      context.budget.spend();
      acc = closure.call(items[index], index, acc);
    }
    return acc;
  },
};

/** An index, or nil where nothing was found. */
const place = (index: number): number | null => (index < 0 ? null : index);

function grouped(items: readonly unknown[], of: Test): Map<string, unknown[]> {
  const groups = new Map<string, unknown[]>();
  for (const [index, item] of items.entries()) {
    const key = String(of(item, index));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
