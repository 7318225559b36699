import { Budget } from "../budget.ts";
import { Fault } from "../fault.ts";
import { SourceText } from "../position.ts";
import { type ParsedJsonPath, parseJsonPath } from "./parse.ts";
import { BoundedWalk } from "./walk.ts";

/**
 * Follows a JSONPath in a parsed JSON value. A path to one place gives that value, null when it is not there; a path
 * with `*`, `..`, a slice, a union or a filter gives the list of what it found. Filters are expr-lang over `@` and `$`.
 * Errors: EXPR_SYNTAX, EXPR_EVALUATION, EXPR_FORBIDDEN_KEY, EXPR_LIMIT.
 */
export function getJsonPath(value: unknown, path: string): unknown {
  try {
    return queryJsonPath(value, path, new Budget("jsonpath", { maxSteps: 1_000_000 }));
  } catch (error) {
    if (error instanceof Fault) throw new SourceText("jsonpath", path).evaluation(error.message, 0);
    throw error;
  }
}

export function queryJsonPath(value: unknown, path: string, budget: Budget): unknown {
  const parsed: ParsedJsonPath = parseJsonPath(path);
  const found = new BoundedWalk(value, parsed.scripts, budget).find(parsed.tokens);
  return parsed.definite ? (found[0] ?? null) : found;
}
