// The evaluator: a filter is a generator of items. Nothing is evaluated that nobody asks for, so `first(f)` stops `f`.
// Invariants
//   J1. Each node evaluated spends a step; texts and lists are measured before they are built.
//   J2. `try` catches errors of its body alone. Items are yielded, never handed to a function: whoever takes one fails
//       outside of the body's generator.
//   J3. Values are never changed in place.

import type { Clock } from "@sluice/base";
import type { Budget } from "../../budget.ts";
import type { Node } from "../syntax/ast.ts";
import { formatted } from "../values/formats.ts";
import { type PathLink, type PathStep, stepsOf } from "../values/paths.ts";
import { fail, shown } from "../values/values.ts";
import { bind } from "./bind.ts";
import { alternative, attempt, Break, branch, comma, label, pipe } from "./branch.ts";
import { call } from "./call.ts";
import { constructed } from "./construct.ts";
import { type Evaluator, type Items, made } from "./evaluator.ts";
import { fold } from "./fold.ts";
import { index, iterate, recurse, slice } from "./navigate.ts";
import { type Item, labelOf, noPlace, root, type Scope, variableOf } from "./scope.ts";

export class FilterEvaluator implements Evaluator {
  readonly budget: Budget;
  readonly clock: Pick<Clock, "now"> | undefined;
  at = 0;
  calls = 0;

  constructor(budget: Budget, clock: Pick<Clock, "now"> | undefined) {
    this.budget = budget;
    this.clock = clock;
  }

  *values(node: Node, value: unknown, scope: Scope | undefined): Generator<unknown, void, undefined> {
    for (const item of this.run(node, { value, path: undefined }, scope)) yield item.value;
  }

  *paths(
    node: Node,
    value: unknown,
    scope: Scope | undefined,
  ): Generator<readonly PathStep[], void, undefined> {
    for (const item of this.run(node, { value, path: root }, scope)) {
      if (item.path === noPlace) fail(`Invalid path expression with result ${shown(item.value)}`);
      yield stepsOf(item.path === root ? undefined : (item.path as PathLink | undefined));
    }
  }

  run(node: Node, input: Item, scope: Scope | undefined): Items {
    this.budget.spend();
    this.at = node.offset;
    return this.#node(node, input, scope);
  }

  #node(node: Node, input: Item, scope: Scope | undefined): Items {
    switch (node.kind) {
      case "index":
        return index(this, node, input, scope);
      case "slice":
        return slice(this, node, input, scope);
      case "iterate":
        return iterate(this, node, input, scope);
      case "try":
        return attempt(this, node, input, scope);
      case "pipe":
        return pipe(this, node, input, scope);
      case "comma":
        return comma(this, node, input, scope);
      case "alternative":
        return alternative(this, node, input, scope);
      case "if":
        return branch(this, node, input, scope);
      case "reduce":
      case "foreach":
        return fold(this, node, input, scope);
      case "bind":
        return bind(this, node, input, scope);
      case "define":
        return this.run(node.body, input, { kind: "function", definition: node.definition, next: scope });
      case "call":
        return call(this, node, input, scope);
      case "label":
        return label(this, node, input, scope);
      case "recurse":
        return recurse(input, this.budget);
      default:
        return this.#simple(node, input, scope);
    }
  }

  /** Nodes whose results are values that the filter makes. */
  *#simple(node: Node, input: Item, scope: Scope | undefined): Items {
    switch (node.kind) {
      case "identity":
        yield input;
        return;
      case "literal":
        yield made(node.value, input);
        return;
      case "variable":
        yield made(variableOf(scope, node.name), input);
        return;
      case "break":
        throw new Break(labelOf(scope, node.name) ?? Symbol("none"));
      case "format":
        yield made(formatted(node.name, input.value, this.budget), input);
        return;
      default:
        for (const value of constructed(this, node, input.value, scope)) yield made(value, input);
    }
  }

  collect(values: Iterable<unknown>): readonly unknown[] {
    const list: unknown[] = [];
    for (const value of values) {
      list.push(value);
      if (list.length > this.budget.limits.maxItems) this.budget.items(list.length);
    }
    return list;
  }
}
