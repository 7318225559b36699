import { type Node, namesOf, type Pattern } from "../syntax/ast.ts";
import { valueAt } from "../values/paths.ts";
import { fail, typeOf } from "../values/values.ts";
import { caughtValue, type Evaluator, type Items } from "./evaluator.ts";
import type { Item, Scope } from "./scope.ts";

/** `source as $x | body`, with `?//` the first pattern that neither matching nor the body fails with. */
export function* bind(
  evaluator: Evaluator,
  node: Node & { kind: "bind" },
  input: Item,
  scope: Scope | undefined,
): Items {
  const [only] = node.patterns;
  for (const value of evaluator.values(node.source, input.value, scope)) {
    if (node.patterns.length > 1)
      yield* bindAny(evaluator, node, input, { value, input: input.value, scope });
    else if (only !== undefined)
      for (const bound of destructured(evaluator, only, { value, input: input.value, scope }))
        yield* evaluator.run(node.body, input, bound);
  }
}

function* bindAny(evaluator: Evaluator, node: Node & { kind: "bind" }, input: Item, given: Given): Items {
  let scope = given.scope;
  for (const name of node.patterns.flatMap(namesOf))
    scope = { kind: "value", name, value: null, next: scope };
  for (const [i, pattern] of node.patterns.entries()) {
    try {
      for (const bound of destructured(evaluator, pattern, { ...given, scope }))
        yield* evaluator.run(node.body, input, bound);
      return;
    } catch (error) {
      if (i === node.patterns.length - 1) throw error;
      caughtValue(error);
    }
  }
}

interface Given {
  /** What is taken apart. */
  readonly value: unknown;
  /** What expressions in a pattern's keys see. */
  readonly input: unknown;
  readonly scope: Scope | undefined;
}

type Scopes = Generator<Scope | undefined, void, undefined>;

/** The scopes that a pattern makes; more than one when an expression of its keys has several results. */
export function* destructured(evaluator: Evaluator, pattern: Pattern, given: Given): Scopes {
  const { value, scope } = given;
  evaluator.budget.spend();
  if (pattern.kind === "variable")
    yield { kind: "value", name: pattern.name, value: value ?? null, next: scope };
  else if (pattern.kind === "object") yield* fromObject(evaluator, pattern.entries, given);
  else if (value !== null && !Array.isArray(value)) fail(`Cannot index ${typeOf(value)} with number`);
  else yield* fromArray(evaluator, pattern.items, { ...given, value: value ?? [] }, 0);
}

function* fromArray(evaluator: Evaluator, items: readonly Pattern[], given: Given, at: number): Scopes {
  const item = items[at];
  if (item === undefined) yield given.scope;
  else {
    const value = (given.value as readonly unknown[])[at] ?? null;
    for (const scope of destructured(evaluator, item, { ...given, value }))
      yield* fromArray(evaluator, items, { ...given, scope }, at + 1);
  }
}

type Entries = Extract<Pattern, { kind: "object" }>["entries"];

function* fromObject(evaluator: Evaluator, entries: Entries, given: Given): Scopes {
  const [first, ...rest] = entries;
  if (first === undefined) {
    yield given.scope;
    return;
  }
  for (const key of evaluator.values(first.key, given.input, given.scope)) {
    if (typeof key !== "string") fail(`Cannot index ${typeOf(given.value)} with ${typeOf(key)}`);
    const member = valueAt(given.value, key, evaluator.budget);
    const own: Scope | undefined =
      first.variable === undefined
        ? given.scope
        : { kind: "value", name: first.variable, value: member, next: given.scope };
    const inner = { value: member, input: given.input, scope: own };
    const scopes = first.value === undefined ? [own] : destructured(evaluator, first.value, inner);
    for (const scope of scopes) yield* fromObject(evaluator, rest, { ...given, scope });
  }
}
