// Where a filter goes in its input: by key, by slice, to every member, all the way down.

import type { Budget } from "../../budget.ts";
import type { Node } from "../syntax/ast.ts";
import { type PathLink, type PathStep, valueAt } from "../values/paths.ts";
import { fail, isObjectValue, keysOf, shown } from "../values/values.ts";
import { caughtValue, type Evaluator, type Items } from "./evaluator.ts";
import { type Item, noPlace, root, type Scope } from "./scope.ts";

export function* index(
  evaluator: Evaluator,
  node: Node & { kind: "index" },
  input: Item,
  scope: Scope | undefined,
): Items {
  for (const key of evaluator.values(node.key, input.value, scope)) {
    for (const item of evaluator.run(node.object, input, scope)) {
      evaluator.at = node.offset;
      yield* stepOrNone(evaluator, node, item, key);
    }
  }
}

export function* slice(
  evaluator: Evaluator,
  node: Node & { kind: "slice" },
  input: Item,
  scope: Scope | undefined,
): Items {
  const all = (bound: Node | undefined): readonly unknown[] =>
    bound === undefined ? [null] : evaluator.collect(evaluator.values(bound, input.value, scope));
  const ends = all(node.to);
  const starts = all(node.from);
  for (const end of ends)
    for (const start of starts)
      for (const item of evaluator.run(node.object, input, scope)) {
        evaluator.at = node.offset;
        yield* stepOrNone(evaluator, node, item, { start, end });
      }
}

export function* iterate(
  evaluator: Evaluator,
  node: Node & { kind: "iterate" },
  input: Item,
  scope: Scope | undefined,
): Items {
  for (const item of evaluator.run(node.object, input, scope)) {
    evaluator.at = node.offset;
    if (node.optional !== true || Array.isArray(item.value) || isObjectValue(item.value))
      yield* each(item, evaluator.budget);
  }
}

/** The item and everything inside it, from the outside in. */
export function* recurse(item: Item, budget: Budget): Items {
  const open: Item[] = [item];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    budget.spend();
    yield next;
    if (Array.isArray(next.value) || isObjectValue(next.value))
      open.push(...[...each(next, budget)].reverse());
  }
}

function* each(item: Item, budget: Budget): Items {
  const { value } = item;
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) {
      budget.spend();
      yield stepTo(item, i, budget);
    }
  } else if (isObjectValue(value)) {
    for (const key of keysOf(value)) {
      budget.spend();
      yield stepTo(item, key, budget);
    }
  } else fail(`Cannot iterate over ${value === null || value === undefined ? "null" : shown(value)}`);
}

/** One step further; with `?` nothing where there is no way. */
function* stepOrNone(
  { budget }: Evaluator,
  node: { readonly optional?: true },
  item: Item,
  step: unknown,
): Items {
  let next: Item;
  try {
    next = stepTo(item, step, budget);
  } catch (error) {
    if (node.optional !== true) throw error;
    caughtValue(error);
    return;
  }
  yield next;
}

function stepTo(item: Item, step: unknown, budget: Budget): Item {
  const { path } = item;
  if (path === noPlace) fail(`Invalid path expression with result ${shown(item.value)}`);
  const value = valueAt(item.value, step, budget);
  if (path === undefined) return { value, path };
  return {
    value,
    path: { before: path === root ? undefined : (path as PathLink), step: step as PathStep },
  };
}
