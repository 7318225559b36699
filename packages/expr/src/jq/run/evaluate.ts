// The evaluator: a filter is a generator of items. Nothing is evaluated that nobody asks for, so `first(f)` stops `f`.
// Invariants
//   J1. Each node evaluated spends a step; texts and lists are measured before they are built.
//   J2. `try` catches errors of its body alone: what is done with an item happens outside of the body's generator.
//   J3. Values are never changed in place.

import type { Clock } from "@sluice/base";
import type { Budget } from "../../budget.ts";
import { ExprError } from "../../errors.ts";
import { libraryFunction } from "../builtins/library.ts";
import { callNative } from "../builtins/native.ts";
import type { Definition, Node } from "../syntax/ast.ts";
import { formatted } from "../values/formats.ts";
import { type PathLink, type PathStep, stepsOf, valueAt } from "../values/paths.ts";
import { fail, isObjectValue, isTrue, keysOf, shown } from "../values/values.ts";
import { bind } from "./bind.ts";
import { constructed } from "./construct.ts";
import { caughtValue, type Evaluator, type Items, made } from "./evaluator.ts";
import { fold } from "./fold.ts";
import { calleeOf, type Item, labelOf, noPlace, root, type Scope, variableOf } from "./scope.ts";

/** Deepest nesting of calls; each takes some of the host's stack. */
const maxCalls = 700;

/** Ends the body of a `label`. */
export class Break {
  readonly id: symbol;

  constructor(id: symbol) {
    this.id = id;
  }
}

export class FilterEvaluator implements Evaluator {
  readonly budget: Budget;
  readonly clock: Pick<Clock, "now"> | undefined;
  /** Offset of the node evaluated last: where errors point. */
  at = 0;
  #calls = 0;

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
        return this.#index(node, input, scope);
      case "slice":
        return this.#slice(node, input, scope);
      case "iterate":
        return this.#iterate(node, input, scope);
      case "try":
        return this.#try(node, input, scope);
      case "pipe":
        return this.#pipe(node, input, scope);
      case "comma":
        return this.#comma(node, input, scope);
      case "alternative":
        return this.#alternative(node, input, scope);
      case "if":
        return this.#if(node, input, scope);
      case "reduce":
      case "foreach":
        return fold(this, node, input, scope);
      case "bind":
        return bind(this, node, input, scope);
      case "define":
        return this.run(node.body, input, { kind: "function", definition: node.definition, next: scope });
      case "call":
        return this.#call(node, input, scope);
      case "label":
        return this.#label(node, input, scope);
      case "recurse":
        return this.recurse(input);
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

  stepTo(item: Item, step: unknown): Item {
    const { path } = item;
    if (path === noPlace) fail(`Invalid path expression with result ${shown(item.value)}`);
    const value = valueAt(item.value, step, this.budget);
    if (path === undefined) return { value, path };
    return {
      value,
      path: { before: path === root ? undefined : (path as PathLink), step: step as PathStep },
    };
  }

  *#step(node: { readonly optional?: true }, item: Item, step: unknown): Items {
    let next: Item;
    try {
      next = this.stepTo(item, step);
    } catch (error) {
      if (node.optional !== true) throw error;
      caughtValue(error);
      return;
    }
    yield next;
  }

  *#index(node: Node & { kind: "index" }, input: Item, scope: Scope | undefined): Items {
    for (const key of this.values(node.key, input.value, scope)) {
      for (const item of this.run(node.object, input, scope)) {
        this.at = node.offset;
        yield* this.#step(node, item, key);
      }
    }
  }

  *#slice(node: Node & { kind: "slice" }, input: Item, scope: Scope | undefined): Items {
    const ends = node.to === undefined ? [null] : this.collect(this.values(node.to, input.value, scope));
    const starts =
      node.from === undefined ? [null] : this.collect(this.values(node.from, input.value, scope));
    for (const end of ends)
      for (const start of starts)
        for (const item of this.run(node.object, input, scope)) {
          this.at = node.offset;
          yield* this.#step(node, item, { start, end });
        }
  }

  *#iterate(node: Node & { kind: "iterate" }, input: Item, scope: Scope | undefined): Items {
    for (const item of this.run(node.object, input, scope)) {
      this.at = node.offset;
      if (node.optional !== true || Array.isArray(item.value) || isObjectValue(item.value))
        yield* this.each(item);
    }
  }

  *each(item: Item): Items {
    const { value } = item;
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        this.budget.spend();
        yield this.stepTo(item, i);
      }
    } else if (isObjectValue(value)) {
      for (const key of keysOf(value)) {
        this.budget.spend();
        yield this.stepTo(item, key);
      }
    } else fail(`Cannot iterate over ${value === null || value === undefined ? "null" : shown(value)}`);
  }

  *recurse(item: Item): Items {
    const open: Item[] = [item];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      this.budget.spend();
      yield next;
      if (Array.isArray(next.value) || isObjectValue(next.value))
        open.push(...[...this.each(next)].reverse());
    }
  }

  *#try(node: Node & { kind: "try" }, input: Item, scope: Scope | undefined): Items {
    let caught: unknown;
    const items = this.run(node.body, input, scope);
    try {
      for (;;) {
        let next: IteratorResult<Item, void>;
        try {
          next = items.next();
        } catch (error) {
          caught = caughtValue(error);
          break;
        }
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      items.return();
    }
    if (node.handler !== undefined) yield* this.run(node.handler, made(caught, input), scope);
  }

  *#pipe(node: Node & { kind: "pipe" }, input: Item, scope: Scope | undefined): Items {
    for (const item of this.run(node.left, input, scope)) yield* this.run(node.right, item, scope);
  }

  *#comma(node: Node & { kind: "comma" }, input: Item, scope: Scope | undefined): Items {
    yield* this.run(node.left, input, scope);
    yield* this.run(node.right, input, scope);
  }

  *#alternative(node: Node & { kind: "alternative" }, input: Item, scope: Scope | undefined): Items {
    let any = false;
    const items = this.run(node.left, input, scope);
    try {
      for (;;) {
        let next: IteratorResult<Item, void>;
        try {
          next = items.next();
        } catch (error) {
          caughtValue(error); // errors on the left count as nothing
          break;
        }
        if (next.done === true) break;
        if (!isTrue(next.value.value)) continue;
        any = true;
        yield next.value;
      }
    } finally {
      items.return();
    }
    if (!any) yield* this.run(node.right, input, scope);
  }

  *#if(node: Node & { kind: "if" }, input: Item, scope: Scope | undefined): Items {
    for (const test of this.values(node.test, input.value, scope)) {
      const branch = isTrue(test) ? node.then : node.otherwise;
      if (branch === undefined) yield input;
      else yield* this.run(branch, input, scope);
    }
  }

  *#label(node: Node & { kind: "label" }, input: Item, scope: Scope | undefined): Items {
    const id = Symbol(node.name);
    try {
      yield* this.run(node.body, input, { kind: "label", name: node.name, id, next: scope });
    } catch (error) {
      if (!(error instanceof Break) || error.id !== id) throw error;
    }
  }

  *#call(node: Node & { kind: "call" }, input: Item, scope: Scope | undefined): Items {
    if (++this.#calls > maxCalls)
      throw ExprError.LIMIT({ language: "jq", what: "nested calls", max: maxCalls });
    try {
      const callee = calleeOf(scope, node.name, node.args.length);
      if (callee?.kind === "filter") yield* this.run(callee.node, input, callee.scope);
      else if (callee !== undefined)
        yield* this.#apply(callee.definition, { node, input, scope, home: callee });
      else {
        const library = libraryFunction(node.name, node.args.length);
        if (library === undefined) yield* callNative(this, node, input, scope);
        else {
          const home: Scope = { kind: "function", definition: library, next: undefined };
          yield* this.#apply(library, { node, input, scope, home });
        }
      }
    } finally {
      this.#calls--;
    }
  }

  *#apply(
    definition: Definition,
    call: {
      readonly node: Node & { kind: "call" };
      readonly input: Item;
      readonly scope: Scope | undefined;
      /** Where the body's names are looked up: the definition itself, then what it saw. */
      readonly home: Scope;
    },
    from = 0,
  ): Items {
    const param = definition.params[from];
    const arg = call.node.args[from];
    if (param === undefined || arg === undefined) {
      yield* this.run(definition.body, call.input, call.home);
      return;
    }
    if (!param.startsWith("$")) {
      const home: Scope = { kind: "filter", name: param, node: arg, scope: call.scope, next: call.home };
      yield* this.#apply(definition, { ...call, home }, from + 1);
      return;
    }
    const name = param.slice(1);
    for (const value of this.values(arg, call.input.value, call.scope)) {
      const bound: Scope = { kind: "value", name, value, next: call.home };
      const node: Node = { kind: "variable", name, offset: arg.offset };
      const home: Scope = { kind: "filter", name, node, scope: bound, next: bound };
      yield* this.#apply(definition, { ...call, home }, from + 1);
    }
  }
}
