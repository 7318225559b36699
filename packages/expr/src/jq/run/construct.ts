// Nodes whose results are new values: lists, maps, texts, operators.

import type { Node } from "../syntax/ast.ts";
import { formatted } from "../values/formats.ts";
import { calculate, fail, isTrue, objectOf, shown } from "../values/values.ts";
import { assigned } from "./assign.ts";
import type { Evaluator } from "./evaluator.ts";
import type { Scope } from "./scope.ts";

type Values<T = unknown> = Generator<T, void, undefined>;

/** What a filter's piece sees. */
interface Seen {
  readonly evaluator: Evaluator;
  readonly value: unknown;
  readonly scope: Scope | undefined;
}

export function* constructed(
  evaluator: Evaluator,
  node: Node,
  value: unknown,
  scope: Scope | undefined,
): Values {
  const seen = { evaluator, value, scope };
  switch (node.kind) {
    case "array":
      yield node.body === undefined ? [] : evaluator.collect(evaluator.values(node.body, value, scope));
      return;
    case "object":
      yield* mapOf(seen, node.entries, 0);
      return;
    case "text":
      yield* textOf(seen, node, 0);
      return;
    case "negate":
      for (const inner of evaluator.values(node.inner, value, scope))
        yield typeof inner === "number" ? -inner : fail(`${shown(inner)} cannot be negated`);
      return;
    case "binary":
      yield* calculated(seen, node);
      return;
    case "logic":
      yield* logic(seen, node);
      return;
    case "assign":
      yield* assigned(evaluator, node, value, scope);
      return;
    default:
      throw new Error(`no such node: ${node.kind}`);
  }
}

/** The right side is the outer loop, as jq has it. */
function* calculated({ evaluator, value, scope }: Seen, node: Node & { kind: "binary" }): Values {
  for (const right of evaluator.values(node.right, value, scope))
    for (const left of evaluator.values(node.left, value, scope)) {
      evaluator.at = node.offset;
      yield calculate(node.operator, left, right, evaluator.budget);
    }
}

function* mapOf(
  seen: Seen,
  entries: readonly (readonly [Node, Node])[],
  from: number,
): Values<Readonly<Record<string, unknown>>> {
  const entry = entries[from];
  if (entry === undefined) {
    yield {};
    return;
  }
  const { evaluator, value, scope } = seen;
  for (const key of evaluator.values(entry[0], value, scope)) {
    if (typeof key !== "string") fail(`Object keys must be strings, not ${shown(key)}`);
    for (const inner of evaluator.values(entry[1], value, scope)) {
      for (const rest of mapOf(seen, entries, from + 1)) {
        evaluator.budget.spend(1 + (entries.length >> 2));
        yield { ...objectOf([[key as string, inner]]), ...rest };
      }
    }
  }
}

function* textOf(seen: Seen, node: Node & { kind: "text" }, from: number): Values<string> {
  const part = node.parts[from];
  if (part === undefined) {
    yield "";
    return;
  }
  const { evaluator, value, scope } = seen;
  const heads = typeof part === "string" ? [part] : evaluator.values(part, value, scope);
  for (const head of heads) {
    const text = typeof part === "string" ? part : formatted(node.format ?? "@text", head, evaluator.budget);
    for (const rest of textOf(seen, node, from + 1)) {
      evaluator.budget.text(text.length + rest.length);
      yield text + rest;
    }
  }
}

function* logic({ evaluator, value, scope }: Seen, node: Node & { kind: "logic" }): Values<boolean> {
  for (const left of evaluator.values(node.left, value, scope)) {
    if (isTrue(left) === (node.operator === "or")) yield node.operator === "or";
    else for (const right of evaluator.values(node.right, value, scope)) yield isTrue(right);
  }
}
