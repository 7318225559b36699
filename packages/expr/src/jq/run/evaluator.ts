// What the parts of the evaluator, and the functions, know of it.
import { type Clock, isAppError } from "@sluice/base";
import type { Budget } from "../../budget.ts";
import type { Node } from "../syntax/ast.ts";
import type { PathStep } from "../values/paths.ts";
import { JqError } from "../values/values.ts";
import { type Item, noPlace, type Scope } from "./scope.ts";

export type Items = Generator<Item, void, undefined>;

export interface Evaluator {
  readonly budget: Budget;
  readonly clock: Pick<Clock, "now"> | undefined;
  /** Offset of the node evaluated last: where errors point. */
  at: number;
  /** Calls that are under way, one in the other. */
  calls: number;
  run(node: Node, input: Item, scope: Scope | undefined): Items;
  /** The values of a filter, without their places. */
  values(node: Node, value: unknown, scope: Scope | undefined): Generator<unknown, void, undefined>;
  /** The places that a filter leads to. */
  paths(
    node: Node,
    value: unknown,
    scope: Scope | undefined,
  ): Generator<readonly PathStep[], void, undefined>;
  collect(values: Iterable<unknown>): readonly unknown[];
}

/** A value that has no place in the input. */
export const made = (value: unknown, input: Item): Item => ({
  value: value ?? null,
  path: input.path === undefined ? undefined : noPlace,
});

/** What `catch` sees of an error; bounds and breaks are not caught. */
export function caughtValue(error: unknown): unknown {
  if (error instanceof JqError) return error.value;
  if (isAppError(error) && (error.code === "EXPR_REGEX" || error.code === "EXPR_EVALUATION"))
    return error.message;
  throw error;
}
