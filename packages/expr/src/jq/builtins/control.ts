// Functions that run filters: how often, and until when. Places go through them.

import { type Evaluator, type Items, made } from "../run/evaluator.ts";
import { type Item, noPlace, type PathOf, root, type Scope } from "../run/scope.ts";
import type { Node } from "../syntax/ast.ts";
import { getAt, type PathLink, stepsFrom } from "../values/paths.ts";
import { fail, isTrue, JqError, shown } from "../values/values.ts";
import type { FilterFunction } from "./function.ts";

function numberOf(value: unknown, what: string): number {
  return typeof value === "number" ? value : fail(`${what} must be a number, not ${shown(value)}`);
}

function* range(evaluator: Evaluator, input: Item, bounds: readonly [unknown, unknown, unknown]): Items {
  const [from, to, by] = bounds.map((bound) => numberOf(bound, "Range bounds")) as [number, number, number];
  for (let at = from; by > 0 ? at < to : by < 0 && at > to; at += by) {
    evaluator.budget.spend();
    yield made(at, input);
  }
}

function rangeOf(evaluator: Evaluator, args: readonly Node[], input: Item, scope: Scope | undefined): Items {
  const [first, second, third] = args;
  const all = (node: Node | undefined, otherwise: number): Iterable<unknown> =>
    node === undefined ? [otherwise] : evaluator.values(node, input.value, scope);
  function* made(): Items {
    for (const a of second === undefined ? [0] : all(first, 0))
      for (const b of second === undefined ? all(first, 0) : all(second, 0))
        for (const by of all(third, 1)) yield* range(evaluator, input, [a, b, by]);
  }
  return made();
}

/** The items of a filter from one number on, up to another. */
function* part(items: Items, from: number, to: number): Items {
  let at = 0;
  if (to <= from) return;
  for (const item of items) {
    if (at++ >= from) yield item;
    if (at >= to) return;
  }
}

function* getPath(evaluator: Evaluator, args: readonly Node[], input: Item, scope: Scope | undefined): Items {
  for (const path of evaluator.values(args[0] as Node, input.value, scope)) {
    const steps = stepsFrom(path);
    if (input.path === noPlace) fail(`Invalid path expression with result ${shown(input.value)}`);
    const value = valueOrNull(evaluator, input.value, steps);
    if (input.path === undefined) yield { value, path: undefined };
    else {
      let link: PathOf = input.path;
      for (const step of steps) link = { before: link === root ? undefined : (link as PathLink), step };
      yield { value, path: link };
    }
  }
}

const valueOrNull = (evaluator: Evaluator, value: unknown, steps: ReturnType<typeof stepsFrom>): unknown =>
  getAt(value, steps, evaluator.budget);

/** `recurse(f)`: the item, then what `f` makes of it, and so on, in depth. */
function* recurse(evaluator: Evaluator, args: readonly Node[], input: Item, scope: Scope | undefined): Items {
  const open: Items[] = [];
  yield input;
  open.push(evaluator.run(args[0] as Node, input, scope));
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    evaluator.budget.spend();
    const next = top.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    yield next.value;
    open.push(evaluator.run(args[0] as Node, next.value, scope));
    evaluator.budget.items(open.length);
  }
}

function* untilHolds(
  evaluator: Evaluator,
  args: readonly Node[],
  input: Item,
  scope: Scope | undefined,
): Items {
  const [test, update] = args as [Node, Node];
  const open: Items[] = [one(input)];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    evaluator.budget.spend();
    const next = top.next();
    if (next.done === true) {
      open.pop();
      continue;
    }
    const item = next.value;
    for (const holds of evaluator.values(test, item.value, scope)) {
      if (isTrue(holds)) yield item;
      else open.push(evaluator.run(update, item, scope));
    }
    evaluator.budget.items(open.length);
  }
}

function* one(item: Item): Items {
  yield item;
}

function* whileHolds(
  evaluator: Evaluator,
  args: readonly Node[],
  input: Item,
  scope: Scope | undefined,
): Items {
  const [test, update] = args as [Node, Node];
  const holds = (item: Item): boolean => {
    for (const value of evaluator.values(test, item.value, scope)) return isTrue(value);
    return false;
  };
  const open: Items[] = [one(input)];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    evaluator.budget.spend();
    const next = top.next();
    if (next.done === true) open.pop();
    else if (holds(next.value)) {
      yield next.value;
      open.push(evaluator.run(update, next.value, scope));
      evaluator.budget.items(open.length);
    }
  }
}

function* limited(
  evaluator: Evaluator,
  call: { readonly args: readonly Node[]; readonly input: Item; readonly scope: Scope | undefined },
  bounds: (count: number) => readonly [number, number],
): Items {
  const [count, filter] = call.args as [Node, Node];
  for (const value of evaluator.values(count, call.input.value, call.scope)) {
    const [from, to] = bounds(numberOf(value, "The count"));
    if (to > from) yield* part(evaluator.run(filter, call.input, call.scope), from, to);
  }
}

export const controlFunctions: Readonly<Record<string, FilterFunction>> = {
  *"empty/0"() {},
  // biome-ignore lint/correctness/useYield: it never gives an item
  *"error/0"(_evaluator, _args, input) {
    throw new JqError(input.value);
  },
  // biome-ignore lint/correctness/useYield: it never gives an item
  *"error/1"(evaluator, args, input, scope) {
    for (const value of evaluator.values(args[0] as Node, input.value, scope)) throw new JqError(value);
  },
  *"not/0"(_evaluator, _args, input) {
    yield made(!isTrue(input.value), input);
  },
  *"path/1"(evaluator, args, input, scope) {
    for (const steps of evaluator.paths(args[0] as Node, input.value, scope)) yield made(steps, input);
  },
  "getpath/1": getPath,
  "range/1": rangeOf,
  "range/2": rangeOf,
  "range/3": rangeOf,
  "recurse/1": recurse,
  "until/2": untilHolds,
  "while/2": whileHolds,
  *"repeat/1"(evaluator, args, input, scope) {
    yield* recurse(evaluator, args, input, scope);
  },
  "first/1": (evaluator, args, input, scope) => part(evaluator.run(args[0] as Node, input, scope), 0, 1),
  *"last/1"(evaluator, args, input, scope) {
    let last: Item | undefined;
    for (const item of evaluator.run(args[0] as Node, input, scope)) last = item;
    if (last !== undefined) yield last;
  },
  "limit/2": (evaluator, args, input, scope) =>
    limited(evaluator, { args, input, scope }, (count) => [0, Math.floor(count)]),
  "skip/2": (evaluator, args, input, scope) =>
    limited(evaluator, { args, input, scope }, (count) => [Math.max(0, Math.floor(count)), Infinity]),
  *"isempty/1"(evaluator, args, input, scope) {
    let empty = true;
    for (const _ of evaluator.values(args[0] as Node, input.value, scope)) {
      empty = false;
      break;
    }
    yield made(empty, input);
  },
};
