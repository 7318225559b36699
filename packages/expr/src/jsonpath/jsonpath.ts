import { hasCode } from "@sluice/base";
import { Budget } from "../budget.ts";
import { evaluateExpr } from "../exprlang/evaluate.ts";
import { Fault, fault } from "../fault.ts";
import { SourceText } from "../position.ts";
import { isMapping } from "../values.ts";
import { type ParsedJsonPath, parseJsonPath, type Segment } from "./parse.ts";

const maxParts = 100_000;

/**
 * Follows a JSONPath in a parsed JSON value. A path to one place gives that value, null when it is not there; a path
 * with `*`, `..`, a slice, a union or a filter gives the list of what it found. Filters are expr-lang over `@` and `$`.
 * Errors: EXPR_SYNTAX, EXPR_EVALUATION, EXPR_LIMIT.
 */
export function getJsonPath(value: unknown, path: string): unknown {
  try {
    return queryJsonPath(value, path, new Budget("jsonpath", { maxSteps: 2_000_000 }));
  } catch (error) {
    if (error instanceof Fault) throw new SourceText("jsonpath", path).evaluation(error.message, 0);
    throw error;
  }
}

export function queryJsonPath(value: unknown, path: string, budget: Budget): unknown {
  const parsed: ParsedJsonPath = parseJsonPath(path);
  let found: readonly unknown[] = [value];
  for (const segment of parsed.segments) {
    const next: unknown[] = [];
    for (const item of found)
      for (const start of segment.deep ? descendants(item, budget) : [item])
        step(segment, start, { root: value, budget, found: next });
    if (next.length > maxParts) fault("the path finds too many values");
    found = next;
  }
  return parsed.definite ? (found[0] ?? null) : found;
}

interface Stepping {
  readonly root: unknown;
  readonly budget: Budget;
  readonly found: unknown[];
}

function step(segment: Segment, value: unknown, stepping: Stepping): void {
  stepping.budget.spend();
  for (const inner of reached(segment, value, stepping)) if (inner !== undefined) stepping.found.push(inner);
}

function reached(segment: Segment, value: unknown, { root, budget }: Stepping): readonly unknown[] {
  switch (segment.kind) {
    case "keys":
      return segment.keys.map((key) => child(value, key));
    case "all":
      return children(value, budget);
    case "slice":
      if (!Array.isArray(value)) return [];
      return value.slice(segment.from ?? 0, segment.to).filter((_, index) => index % segment.step === 0);
    case "filter":
      return children(value, budget).filter((inner) => holds(segment, inner, root, budget));
  }
}

/** A filter that cannot be told for an element (a missing key, another type) does not hold for it. */
function holds(segment: Segment & { kind: "filter" }, item: unknown, root: unknown, budget: Budget): boolean {
  budget.spend(20);
  try {
    const value = evaluateExpr(segment.test, { variables: { "@": item, $: root } }, { maxSteps: 10_000 });
    return value !== false && value !== null;
  } catch (error) {
    if (hasCode(error, "EXPR_EVALUATION")) return false;
    throw error;
  }
}

function child(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) {
    const index = typeof key === "number" ? key : /^\d+$/.test(key) ? Number(key) : Number.NaN;
    return value[index < 0 ? value.length + index : index];
  }
  return isMapping(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function children(value: unknown, budget: Budget): readonly unknown[] {
  const inner = Array.isArray(value) ? value : isMapping(value) ? Object.values(value) : [];
  budget.spend(1 + inner.length);
  return inner;
}

function descendants(value: unknown, budget: Budget): readonly unknown[] {
  const all = [value];
  for (let index = 0; index < all.length; index++) {
    for (const inner of children(all[index], budget))
      if (typeof inner === "object" && inner !== null) all.push(inner);
  }
  return all;
}
