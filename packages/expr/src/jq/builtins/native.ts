import { type Evaluator, type Items, made } from "../run/evaluator.ts";
import type { Item, Scope } from "../run/scope.ts";
import type { Node } from "../syntax/ast.ts";
import { controlFunctions } from "./control.ts";
import { coreFunctions } from "./core.ts";
import type { FilterFunction, ValueFunction } from "./function.ts";
import { listFunctions } from "./lists.ts";
import { mathFunctions } from "./numbers.ts";
import { matchFunctions, regexFunctions } from "./patterns.ts";
import { textFunctions } from "./texts.ts";
import { timeFunctions } from "./times.ts";

type Table<F> = Readonly<Record<string, F>>;

let values: ReadonlyMap<string, ValueFunction> | undefined;
let filters: ReadonlyMap<string, FilterFunction> | undefined;

const valueFunctions = (): ReadonlyMap<string, ValueFunction> => {
  const tables: readonly Table<ValueFunction>[] = [
    coreFunctions,
    textFunctions,
    mathFunctions,
    timeFunctions,
    regexFunctions,
  ];
  values ??= new Map(tables.flatMap((table) => Object.entries(table)));
  return values;
};

const filterFunctions = (): ReadonlyMap<string, FilterFunction> => {
  filters ??= new Map(
    [controlFunctions, listFunctions, matchFunctions].flatMap((table) => Object.entries(table)),
  );
  return filters;
};

/** Whether there is a function of this name and number of arguments, as `name/arity`. */
export const isNative = (key: string): boolean => valueFunctions().has(key) || filterFunctions().has(key);

export const nativeNames = (): Iterable<string> => [...valueFunctions().keys(), ...filterFunctions().keys()];

export function callNative(
  evaluator: Evaluator,
  node: Node & { kind: "call" },
  input: Item,
  scope: Scope | undefined,
): Items {
  const key = `${node.name}/${node.args.length}`;
  const filter = filterFunctions().get(key);
  if (filter !== undefined) return filter(evaluator, node.args, input, scope);
  const run = valueFunctions().get(key);
  if (run === undefined) throw new Error(`no such function: ${key}`);
  return results(evaluator, { node, run, input, scope }, []);
}

function* results(
  evaluator: Evaluator,
  call: {
    readonly node: Node & { kind: "call" };
    readonly run: ValueFunction;
    readonly input: Item;
    readonly scope: Scope | undefined;
  },
  args: readonly unknown[],
): Items {
  const arg = call.node.args[args.length];
  if (arg === undefined) {
    evaluator.at = call.node.offset;
    yield made(call.run(call.input.value, args, evaluator), call.input);
    return;
  }
  for (const value of evaluator.values(arg, call.input.value, call.scope))
    yield* results(evaluator, call, [...args, value]);
}
