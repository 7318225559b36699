import type { Node } from "../syntax/ast.ts";
import { destructured } from "./bind.ts";
import { type Evaluator, type Items, made } from "./evaluator.ts";
import type { Item, Scope } from "./scope.ts";

type Fold = Node & { kind: "reduce" | "foreach" };

/** `reduce` and `foreach`: a state that each value of the source changes. */
export function* fold(evaluator: Evaluator, node: Fold, input: Item, scope: Scope | undefined): Items {
  for (const init of evaluator.run(node.init, input, scope)) {
    if (node.kind === "reduce") yield reduced(evaluator, node, { init, input, scope });
    else yield* steps(evaluator, node, { init, input, scope });
  }
}

interface Start {
  readonly init: Item;
  readonly input: Item;
  readonly scope: Scope | undefined;
}

function* bindings(
  evaluator: Evaluator,
  node: Fold,
  { input, scope }: Start,
): Generator<Scope | undefined, void, undefined> {
  for (const value of evaluator.values(node.source, input.value, scope))
    yield* destructured(evaluator, node.pattern, { value, input: input.value, scope });
}

/** The last result of each update is the next state; none leaves null. */
function reduced(evaluator: Evaluator, node: Fold, start: Start): Item {
  let state: Item = start.init;
  for (const scope of bindings(evaluator, node, start)) {
    let last: Item | undefined;
    for (const item of evaluator.run(node.update, state, scope)) last = item;
    state = last ?? made(null, start.input);
  }
  return state;
}

function* steps(evaluator: Evaluator, node: Fold, start: Start): Items {
  const extract = node.kind === "foreach" ? node.extract : undefined;
  let state: Item = start.init;
  for (const scope of bindings(evaluator, node, start)) {
    for (const item of evaluator.run(node.update, state, scope)) {
      state = item;
      if (extract === undefined) yield item;
      else yield* evaluator.run(extract, item, scope);
    }
  }
}
