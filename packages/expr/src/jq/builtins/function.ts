import type { Evaluator, Items } from "../run/evaluator.ts";
import type { Item, Scope } from "../run/scope.ts";
import type { Node } from "../syntax/ast.ts";

/** A function of values: one result for each choice of its arguments' results. */
export type ValueFunction = (input: unknown, args: readonly unknown[], evaluator: Evaluator) => unknown;

/** A function of filters, which decides itself how often and with what they are run. */
export type FilterFunction = (
  evaluator: Evaluator,
  args: readonly Node[],
  input: Item,
  scope: Scope | undefined,
) => Items;
