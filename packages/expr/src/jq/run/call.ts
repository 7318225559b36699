// Calls: the callee of a name, and its parameters one after the other.

import { ExprError } from "../../errors.ts";
import { libraryFunction } from "../builtins/library.ts";
import { callNative } from "../builtins/native.ts";
import type { Definition, Node } from "../syntax/ast.ts";
import type { Evaluator, Items } from "./evaluator.ts";
import { calleeOf, type Item, type Scope } from "./scope.ts";

/** Deepest nesting of calls; each takes some of the host's stack. */
export const maxCalls = 700;

/** A function of the filter, of the library or of ours, or a filter that was given as an argument. */
export function* call(
  evaluator: Evaluator,
  node: Node & { kind: "call" },
  input: Item,
  scope: Scope | undefined,
): Items {
  if (++evaluator.calls > maxCalls)
    throw ExprError.LIMIT({ language: "jq", what: "nested calls", max: maxCalls });
  try {
    const callee = calleeOf(scope, node.name, node.args.length);
    if (callee?.kind === "filter") yield* evaluator.run(callee.node, input, callee.scope);
    else if (callee !== undefined)
      yield* applied(evaluator, callee.definition, { node, input, scope, home: callee });
    else {
      const library = libraryFunction(node.name, node.args.length);
      if (library === undefined) yield* callNative(evaluator, node, input, scope);
      else {
        const home: Scope = { kind: "function", definition: library, next: undefined };
        yield* applied(evaluator, library, { node, input, scope, home });
      }
    }
  } finally {
    evaluator.calls--;
  }
}

interface Call {
  readonly node: Node & { kind: "call" };
  readonly input: Item;
  readonly scope: Scope | undefined;
  /** Where the body's names are looked up: the definition itself, then what it saw. */
  readonly home: Scope;
}

/** A parameter is a filter, run where the body names it; one with `$` is a value, and the body runs once for each. */
function* applied(evaluator: Evaluator, definition: Definition, call: Call, from = 0): Items {
  const param = definition.params[from];
  const arg = call.node.args[from];
  if (param === undefined || arg === undefined) {
    yield* evaluator.run(definition.body, call.input, call.home);
    return;
  }
  if (!param.startsWith("$")) {
    const home: Scope = { kind: "filter", name: param, node: arg, scope: call.scope, next: call.home };
    yield* applied(evaluator, definition, { ...call, home }, from + 1);
    return;
  }
  const name = param.slice(1);
  for (const value of evaluator.values(arg, call.input.value, call.scope)) {
    const bound: Scope = { kind: "value", name, value, next: call.home };
    const node: Node = { kind: "variable", name, offset: arg.offset };
    const home: Scope = { kind: "filter", name, node, scope: bound, next: bound };
    yield* applied(evaluator, definition, { ...call, home }, from + 1);
  }
}
