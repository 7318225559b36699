import type { BinaryOperator, Node } from "../syntax/ast.ts";
import { deletePaths, getAt, type PathStep, setAt } from "../values/paths.ts";
import { calculate, isTrue } from "../values/values.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Scope } from "./scope.ts";

/** `left = right`, `left |= filter`, `left += right` and the like: the input with those places changed. */
export function* assigned(
  evaluator: Evaluator,
  node: Node & { kind: "assign" },
  value: unknown,
  scope: Scope | undefined,
): Generator<unknown, void, undefined> {
  if (node.operator === "|=") {
    yield updated(evaluator, node, value, scope);
    return;
  }
  const { budget } = evaluator;
  for (const right of evaluator.values(node.right, value, scope)) {
    let made = value;
    for (const steps of evaluator.paths(node.left, value, scope)) {
      made = setAt(made, steps, changed(node, getAt(made, steps, budget), right, evaluator), budget);
    }
    yield made;
  }
}

function changed(
  node: Node & { kind: "assign" },
  old: unknown,
  right: unknown,
  evaluator: Evaluator,
): unknown {
  if (node.operator === "=") return right;
  if (node.operator === "//=") return isTrue(old) ? old : right;
  return calculate(node.operator.slice(0, -1) as BinaryOperator, old, right, evaluator.budget);
}

/** The first result of the filter replaces each place; where it has none, the place goes. */
function updated(
  evaluator: Evaluator,
  node: Node & { kind: "assign" },
  value: unknown,
  scope: Scope | undefined,
): unknown {
  const { budget } = evaluator;
  const gone: (readonly PathStep[])[] = [];
  let made = value;
  for (const steps of evaluator.paths(node.left, value, scope)) {
    let found = false;
    for (const result of evaluator.values(node.right, getAt(made, steps, budget), scope)) {
      made = setAt(made, steps, result, budget);
      found = true;
      break;
    }
    if (!found) gone.push(steps);
  }
  return gone.length === 0 ? made : deletePaths(made, gone, budget);
}
