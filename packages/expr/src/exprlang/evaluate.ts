import { isAppError, isForbiddenKey } from "@sluice/base";
import { Budget, type Limits } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { Fault, fault } from "../fault.ts";
import { sprigFunction } from "../sprig/registry.ts";
import { isMapping, makeMapping, typeName } from "../values.ts";
import type { Node } from "./ast.ts";
import { builtinFunctions } from "./builtins/registry.ts";
import { signatures } from "./check/signatures.ts";
import type { CompiledExpr } from "./compile.ts";
import { Closure, type ExprEnv, type FunctionContext, FunctionValue } from "./context.ts";
import { readMember, readSlice } from "./members.ts";
import { applyBinary } from "./operators.ts";

export type { ExprEnv } from "./context.ts";

/**
 * Evaluates a compiled expression. The result is null, a boolean, number, text, list, map, `GoTime` or `GoDuration`.
 * `limits` may be the budget of the evaluation that this one is a part of. Errors: EXPR_EVALUATION with the place, EXPR_LIMIT, EXPR_FORBIDDEN_KEY, EXPR_REGEX.
 */
export function evaluateExpr(
  compiled: CompiledExpr,
  env: ExprEnv,
  limits: Partial<Limits> | Budget = {},
): unknown {
  const budget = limits instanceof Budget ? limits : new Budget("expr", limits);
  const value = new Evaluator(compiled, env, budget).evaluate(compiled.tree);
  if (value instanceof FunctionValue || value instanceof Closure || value === sprigNamespace)
    throw compiled.source.evaluation("the result is a function, not a value", 0);
  return value ?? null;
}

/** What `sprig` names: it can only be followed by the name of a function. */
const sprigNamespace = Symbol("sprig");

interface Frame {
  readonly item: unknown;
  readonly index: number;
  readonly acc: unknown;
}

class Evaluator {
  readonly #compiled: CompiledExpr;
  readonly #env: ExprEnv;
  readonly #context: FunctionContext;
  #frame: Frame | undefined;
  #locals: ReadonlyMap<string, unknown> = new Map();

  constructor(compiled: CompiledExpr, env: ExprEnv, budget: Budget) {
    this.#compiled = compiled;
    this.#env = env;
    this.#context = { budget, clock: env.clock, random: env.random };
  }

  evaluate(node: Node): unknown {
    return unwrap(this.#raw(node));
  }

  /** As evaluate, but a chain cut short by `?.` is still told apart from nil. */
  #raw(node: Node): unknown {
    this.#context.budget.spend();
    try {
      return this.#node(node);
    } catch (error) {
      throw this.#located(error, node.offset);
    }
  }

  #located(error: unknown, offset: number): unknown {
    if (error instanceof Fault) return this.#compiled.source.evaluation(error.message, offset);
    if (isAppError(error)) return error;
    return this.#compiled.source.evaluation("the value cannot be worked with", offset, error);
  }

  #node(node: Node): unknown {
    switch (node.kind) {
      case "literal":
        return node.value;
      case "name":
        return this.#name(node.name);
      case "pointer":
        return this.#pointer(node.name);
      case "member":
        return this.#member(node);
      case "slice":
        return readSlice(
          this.evaluate(node.object),
          node.from && this.evaluate(node.from),
          node.to && this.evaluate(node.to),
          this.#context.budget,
        );
      case "call":
        return this.#call(node);
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#binary(node);
      case "chain":
        return this.#chain(node);
      case "conditional":
        return this.evaluate(this.#boolean(node.test) ? node.then : node.otherwise);
      case "array":
        return node.items.map((item) => this.evaluate(item));
      case "map":
        return makeMapping(
          node.entries.map(([key, value]) => [String(this.evaluate(key)), this.evaluate(value)] as const),
        );
      case "closure":
        return this.#closure(node.body);
      case "let":
        return this.#let(node);
    }
  }

  #name(name: string): unknown {
    if (this.#locals.has(name)) return this.#locals.get(name);
    if (name === "$env") return this.#env.variables;
    if (isForbiddenKey(name)) throw ExprError.FORBIDDEN_KEY({ key: name });
    if (Object.hasOwn(this.#env.variables, name)) return this.#env.variables[name] ?? null;
    if (name === "sprig") return sprigNamespace;
    const builtin = builtinFunctions().get(name);
    return builtin === undefined ? fault(`${name} is missing`) : new FunctionValue(name, builtin);
  }

  #pointer(name: "" | "acc" | "index"): unknown {
    const frame = this.#frame;
    if (frame === undefined) return fault(`cannot use pointer accessor #${name} outside a closure`);
    return name === "" ? frame.item : frame[name];
  }

  #member(node: Node & { kind: "member" }): unknown {
    const object = this.#raw(node.object);
    if (node.optional && isNil(object)) return shortCircuit;
    if (object === shortCircuit) return shortCircuit;
    const key = this.evaluate(node.key);
    if (object !== sprigNamespace) return readMember(object, key);
    const run = sprigFunction(String(key));
    return run === undefined
      ? fault(`unknown name sprig.${String(key)}`)
      : new FunctionValue(`sprig.${key}`, run);
  }

  #call(node: Node & { kind: "call" }): unknown {
    const callee = node.callee;
    // A variable may have a built-in's name (`status`, `len`): where it is called, the function is meant.
    const builtin = callee.kind === "name" ? builtinFunctions().get(callee.name) : undefined;
    const target =
      builtin === undefined
        ? this.#raw(callee)
        : new FunctionValue((callee as { name: string }).name, builtin);
    if (target === shortCircuit) return shortCircuit;
    if (!(target instanceof FunctionValue)) return fault(`cannot call ${typeName(target)} as a function`);
    const args = node.args.map((arg) => this.evaluate(arg));
    if (builtin !== undefined) countArguments(target.name, args.length);
    return target.run(args, this.#context);
  }

  #unary(node: Node & { kind: "unary" }): unknown {
    if (node.operator === "not") return !this.#boolean(node.inner);
    const value = this.evaluate(node.inner);
    if (typeof value !== "number") return fault(`invalid operation: ${node.operator} on ${typeName(value)}`);
    return node.operator === "-" ? -value : value;
  }

  /** Every operand is worked out at most once, and none behind a comparison that fails. */
  #chain(node: Node & { kind: "chain" }): boolean {
    let left = this.evaluate(node.first);
    for (const { operator, operand, offset } of node.links) {
      const right = this.evaluate(operand);
      try {
        if (applyBinary(operator, left, right, this.#context.budget) !== true) return false;
      } catch (error) {
        throw this.#located(error, offset);
      }
      left = right;
    }
    return true;
  }

  #binary(node: Node & { kind: "binary" }): unknown {
    const { operator } = node;
    if (operator === "and") return this.#boolean(node.left) && this.#boolean(node.right);
    if (operator === "or") return this.#boolean(node.left) || this.#boolean(node.right);
    if (operator === "??") return this.#tolerant(node.left) ?? this.evaluate(node.right);
    const left = this.evaluate(node.left);
    return applyBinary(operator, left, this.evaluate(node.right), this.#context.budget);
  }

  /** The left of `??`: a member of nil is nil there, but the root must exist. */
  #tolerant(node: Node): unknown {
    if (node.kind !== "member") return this.evaluate(node);
    const object = this.#tolerant(node.object);
    if (isNil(object)) return null;
    const key = this.evaluate(node.key);
    if (isMapping(object) || Array.isArray(object))
      return Array.isArray(object) && typeof key === "number" && key >= object.length
        ? null
        : readMember(object, key);
    return this.evaluate(node);
  }

  #boolean(node: Node): boolean {
    const value = this.evaluate(node);
    return typeof value === "boolean" ? value : fault(`a bool is wanted, came ${typeName(value)}`);
  }

  #closure(body: Node): Closure {
    const locals = this.#locals;
    return new Closure((item, index, acc) => {
      const outer = { frame: this.#frame, locals: this.#locals };
      this.#frame = { item, index, acc };
      this.#locals = locals;
      try {
        return this.evaluate(body);
      } finally {
        this.#frame = outer.frame;
        this.#locals = outer.locals;
      }
    });
  }

  #let(node: Node & { kind: "let" }): unknown {
    const outer = this.#locals;
    this.#locals = new Map([...outer, [node.name, this.evaluate(node.value)]]);
    try {
      return this.evaluate(node.body);
    } finally {
      this.#locals = outer;
    }
  }
}

function countArguments(name: string, came: number): void {
  const known = signatures.get(name);
  if (known === undefined || (came >= known.min && came <= known.max)) return;
  const few = came < known.min;
  const wanted = few ? known.min : known.max;
  fault(
    `${few ? "not enough" : "too many"} arguments to call ${name}: invalid number of arguments (expected ${wanted}, got ${came})`,
  );
}

/** What `?.` on nil gives to the rest of its chain. */
const shortCircuit = Symbol("nil chain");
const unwrap = (value: unknown): unknown => (value === shortCircuit ? null : value);
const isNil = (value: unknown): boolean => value === null || value === undefined || value === shortCircuit;
