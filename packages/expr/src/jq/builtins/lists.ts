// Functions that order and group the items of a list by what a filter makes of them.

import { type Evaluator, made } from "../run/evaluator.ts";
import type { Scope } from "../run/scope.ts";
import type { Node } from "../syntax/ast.ts";
import { compareValues, fail, typeOf } from "../values/values.ts";
import type { FilterFunction } from "./function.ts";

interface Keyed {
  readonly item: unknown;
  readonly key: readonly unknown[];
}

function keyed(
  evaluator: Evaluator,
  filter: Node,
  value: unknown,
  scope: Scope | undefined,
): readonly Keyed[] {
  if (!Array.isArray(value)) return fail(`Cannot index ${typeOf(value)} with number`);
  return value.map((item: unknown) => ({
    item,
    key: evaluator.collect(evaluator.values(filter, item, scope)),
  }));
}

const byKey =
  (evaluator: Evaluator) =>
  (left: Keyed, right: Keyed): number =>
    compareValues(left.key, right.key, evaluator.budget);

function groups(evaluator: Evaluator, items: readonly Keyed[]): readonly (readonly Keyed[])[] {
  const order = byKey(evaluator);
  const found: Keyed[][] = [];
  for (const item of [...items].sort(order)) {
    const group = found.at(-1);
    const first = group?.[0];
    if (group === undefined || first === undefined || order(first, item) !== 0) found.push([item]);
    else group.push(item);
  }
  return found;
}

function extreme(evaluator: Evaluator, items: readonly Keyed[], sign: 1 | -1): unknown {
  const order = byKey(evaluator);
  let best: Keyed | undefined;
  for (const item of items) {
    const by = best === undefined ? 1 : sign * order(item, best);
    // Among equals the first is the least and the last the greatest.
    if (best === undefined || by > 0 || (by === 0 && sign > 0)) best = item;
  }
  return best?.item ?? null;
}

/** A function that first makes a key of each item. */
const keying = (run: (evaluator: Evaluator, items: readonly Keyed[]) => unknown): FilterFunction =>
  function* (evaluator, args, input, scope) {
    yield made(run(evaluator, keyed(evaluator, args[0] as Node, input.value, scope)), input);
  };

const itemsOf = (group: readonly Keyed[]): readonly unknown[] => group.map(({ item }) => item);

export const listFunctions: Readonly<Record<string, FilterFunction>> = {
  "sort_by/1": keying((evaluator, items) => itemsOf([...items].sort(byKey(evaluator)))),
  "group_by/1": keying((evaluator, items) => groups(evaluator, items).map(itemsOf)),
  "unique_by/1": keying((evaluator, items) =>
    groups(evaluator, items).map((group) => group[0]?.item ?? null),
  ),
  "min_by/1": keying((evaluator, items) => extreme(evaluator, items, -1)),
  "max_by/1": keying((evaluator, items) => extreme(evaluator, items, 1)),
};
