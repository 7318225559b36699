// Where a filter goes on: which branch, one after the other, after an error, out of a label.

import type { Node } from "../syntax/ast.ts";
import { isTrue } from "../values/values.ts";
import { caughtValue, type Evaluator, type Items, made } from "./evaluator.ts";
import type { Item, Scope } from "./scope.ts";

/** Ends the body of a `label`. */
export class Break {
  readonly id: symbol;

  constructor(id: symbol) {
    this.id = id;
  }
}

export function* pipe(
  evaluator: Evaluator,
  node: Node & { kind: "pipe" },
  input: Item,
  scope: Scope | undefined,
): Items {
  for (const item of evaluator.run(node.left, input, scope)) yield* evaluator.run(node.right, item, scope);
}

export function* comma(
  evaluator: Evaluator,
  node: Node & { kind: "comma" },
  input: Item,
  scope: Scope | undefined,
): Items {
  yield* evaluator.run(node.left, input, scope);
  yield* evaluator.run(node.right, input, scope);
}

export function* branch(
  evaluator: Evaluator,
  node: Node & { kind: "if" },
  input: Item,
  scope: Scope | undefined,
): Items {
  for (const test of evaluator.values(node.test, input.value, scope)) {
    const chosen = isTrue(test) ? node.then : node.otherwise;
    if (chosen === undefined) yield input;
    else yield* evaluator.run(chosen, input, scope);
  }
}

export function* alternative(
  evaluator: Evaluator,
  node: Node & { kind: "alternative" },
  input: Item,
  scope: Scope | undefined,
): Items {
  let any = false;
  try {
    for (const item of evaluator.run(node.left, input, scope)) {
      if (!isTrue(item.value)) continue;
      any = true;
      yield item;
    }
  } catch (error) {
    caughtValue(error); // errors on the left count as nothing
  }
  if (!any) yield* evaluator.run(node.right, input, scope);
}

export function* attempt(
  evaluator: Evaluator,
  node: Node & { kind: "try" },
  input: Item,
  scope: Scope | undefined,
): Items {
  let caught: unknown;
  try {
    yield* evaluator.run(node.body, input, scope);
    return;
  } catch (error) {
    caught = caughtValue(error);
  }
  if (node.handler !== undefined) yield* evaluator.run(node.handler, made(caught, input), scope);
}

export function* label(
  evaluator: Evaluator,
  node: Node & { kind: "label" },
  input: Item,
  scope: Scope | undefined,
): Items {
  const id = Symbol(node.name);
  try {
    yield* evaluator.run(node.body, input, { kind: "label", name: node.name, id, next: scope });
  } catch (error) {
    if (!(error instanceof Break) || error.id !== id) throw error;
  }
}
