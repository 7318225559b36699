// What can be said of an expression before any value is there.
import { sprigFunctions } from "../../sprig/registry.ts";
import { type ChainLink, childrenOf, type Node } from "../ast.ts";
import { builtinFunctions } from "../builtins/registry.ts";
import type { CompiledExpr } from "../compile.ts";
import { type ExprType, signatures } from "./signatures.ts";

/** One thing that is wrong with an expression, or most likely is. */
export interface ExprProblem {
  readonly offset: number;
  readonly message: string;
  /** Whether it fails whatever the values are; otherwise it hardly says what was meant. */
  readonly certain: boolean;
  /** The name that does not exist, and those that do. */
  readonly unknown?: { readonly name: string; readonly known: readonly string[] };
}

/** One read of a variable, by its dotted path. */
export interface ExprRead {
  readonly path: string;
  readonly offset: number;
  /** Whether `??` or `?.` says what holds when it is not there. */
  readonly guarded: boolean;
}

export interface CheckedExpr {
  readonly problems: readonly ExprProblem[];
  readonly reads: readonly ExprRead[];
  /** What the whole expression gives. */
  readonly type: ExprType;
}

/**
 * Unknown functions, numbers of arguments, operators between types that never fit, and what is read. `typeOf` gives the
 * types of variables by their dotted paths.
 */
export function checkExpr(
  compiled: CompiledExpr,
  typeOf: (path: string) => ExprType = () => "unknown",
): CheckedExpr {
  const checker = new Checker(typeOf);
  const type = checker.visit(compiled.tree, new Set(), false);
  return { problems: checker.problems, reads: checker.reads, type };
}

type Locals = ReadonlySet<string>;
type Comparison = Pick<ChainLink, "operator" | "offset">;

class Checker {
  readonly problems: ExprProblem[] = [];
  readonly reads: ExprRead[] = [];
  readonly #typeOf: (path: string) => ExprType;

  constructor(typeOf: (path: string) => ExprType) {
    this.#typeOf = typeOf;
  }

  visit(node: Node, locals: Locals, guarded: boolean): ExprType {
    const path = pathOf(node);
    if (path !== undefined) return this.#read(path, path.offset, locals, guarded);
    switch (node.kind) {
      case "literal":
        return literalType(node.value);
      case "call":
        return this.#call(node, locals);
      case "binary":
        return this.#binary(node, locals, guarded);
      case "chain":
        return this.#chain(node, locals, guarded);
      case "unary":
        return this.#unary(node, locals);
      case "conditional":
        return this.#conditional(node, locals);
      case "let":
        this.visit(node.value, locals, guarded);
        return this.visit(node.body, new Set([...locals, node.name]), guarded);
      case "member":
        this.visit(node.object, locals, guarded || node.optional);
        this.visit(node.key, locals, guarded);
        return "unknown";
      default:
        for (const child of childrenOf(node)) this.visit(child, locals, guarded);
        return node.kind === "array" ? "list" : node.kind === "map" ? "map" : "unknown";
    }
  }

  #read(found: Path, offset: number, locals: Locals, guarded: boolean): ExprType {
    const [root = ""] = found.steps;
    if (locals.has(root) || root === "$env") return "unknown";
    const path = found.steps.join(".");
    this.reads.push({ path, offset, guarded: guarded || found.optional });
    return this.#typeOf(path);
  }

  #call(node: Node & { kind: "call" }, locals: Locals): ExprType {
    const { callee, args } = node;
    for (const arg of args) this.visit(arg, locals, false);
    if (callee.kind === "member") {
      const sprig = callee.object.kind === "name" && callee.object.name === "sprig" && !locals.has("sprig");
      if (!sprig) this.visit(callee.object, locals, callee.optional);
      else if (callee.key.kind === "literal") this.#sprig(String(callee.key.value), callee.offset);
      return "unknown";
    }
    if (callee.kind !== "name" || locals.has(callee.name)) return "unknown";
    const { name } = callee;
    if (!builtinFunctions().has(name)) {
      const unknown = { name, known: [...builtinFunctions().keys()] };
      this.problems.push({
        offset: callee.offset,
        message: `unknown function '${name}'`,
        certain: true,
        unknown,
      });
      return "unknown";
    }
    const signature = signatures.get(name);
    if (signature === undefined) return "unknown";
    const { min, max, gives } = signature;
    if (args.length < min || args.length > max) {
      const wanted =
        min === max ? String(min) : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`;
      const message = `${name}() takes ${wanted} argument${wanted.endsWith("1") ? "" : "s"}, got ${args.length}`;
      this.problems.push({ offset: callee.offset, message, certain: true });
    }
    return gives;
  }

  #sprig(name: string, offset: number): void {
    if (sprigFunctions().has(name)) return;
    const unknown = { name, known: [...sprigFunctions().keys()] };
    this.problems.push({ offset, message: `unknown function 'sprig.${name}'`, certain: true, unknown });
  }

  #binary(node: Node & { kind: "binary" }, locals: Locals, guarded: boolean): ExprType {
    const { operator } = node;
    const left = this.visit(node.left, locals, guarded || operator === "??");
    const right = this.visit(node.right, locals, guarded && operator !== "??");
    switch (operator) {
      case "??":
        return left === right ? left : "unknown";
      case "and":
      case "or":
        this.#wantBoolean(left, node.left.offset, operator);
        this.#wantBoolean(right, node.right.offset, operator);
        return "boolean";
      case "==":
      case "!=":
        this.#compare(node, left, right, false);
        return "boolean";
      case "<":
      case "<=":
      case ">":
      case ">=":
        this.#compare(node, left, right, true);
        return "boolean";
      case "in":
      case "contains":
      case "startsWith":
      case "endsWith":
      case "matches":
        return "boolean";
      case "..":
        return "list";
      default:
        return this.#calculate(node, left, right);
    }
  }

  #chain(node: Node & { kind: "chain" }, locals: Locals, guarded: boolean): ExprType {
    let left = this.visit(node.first, locals, guarded);
    for (const link of node.links) {
      const right = this.visit(link.operand, locals, guarded);
      this.#compare(link, left, right, true);
      left = right;
    }
    return "boolean";
  }

  /** Texts beside times read as times, so that pair fits; only texts against numbers and booleans never do. */
  #compare(at: Comparison, left: ExprType, right: ExprType, ordered: boolean): void {
    if (left === right || !plain.has(left) || !plain.has(right)) return;
    const what = `'${at.operator}' between a ${left} and a ${right}`;
    const never = ordered ? "fails" : `is always ${at.operator === "==" ? "false" : "true"}`;
    this.problems.push({ offset: at.offset, message: `${what} ${never}`, certain: false });
  }

  #calculate(node: Node & { kind: "binary" }, left: ExprType, right: ExprType): ExprType {
    if (left === "number" && right === "number") return "number";
    if (left === "text" && right === "text" && node.operator === "+") return "text";
    const fits = !plain.has(left) || !plain.has(right);
    if (!fits) {
      const message = `'${node.operator}' between a ${left} and a ${right} fails`;
      this.problems.push({ offset: node.offset, message, certain: false });
    }
    return "unknown";
  }

  #unary(node: Node & { kind: "unary" }, locals: Locals): ExprType {
    const inner = this.visit(node.inner, locals, false);
    if (node.operator !== "not") return inner === "number" ? "number" : "unknown";
    this.#wantBoolean(inner, node.offset, "not");
    return "boolean";
  }

  #conditional(node: Node & { kind: "conditional" }, locals: Locals): ExprType {
    this.#wantBoolean(this.visit(node.test, locals, false), node.test.offset, "a condition");
    const then = this.visit(node.then, locals, false);
    const otherwise = this.visit(node.otherwise, locals, false);
    return then === otherwise ? then : "unknown";
  }

  #wantBoolean(type: ExprType, offset: number, where: string): void {
    if (type === "boolean" || type === "unknown") return;
    this.problems.push({ offset, message: `${where} wants true or false, got a ${type}`, certain: false });
  }
}

const plain: ReadonlySet<ExprType> = new Set<ExprType>(["text", "number", "boolean"]);

interface Path {
  readonly steps: readonly string[];
  /** Where its first name stands. */
  readonly offset: number;
  readonly optional: boolean;
}

function pathOf(node: Node): Path | undefined {
  if (node.kind === "name") return { steps: [node.name], offset: node.offset, optional: false };
  if (node.kind !== "member" || node.key.kind !== "literal") return undefined;
  const object = pathOf(node.object);
  if (object === undefined) return undefined;
  return {
    ...object,
    steps: [...object.steps, String(node.key.value)],
    optional: object.optional || node.optional,
  };
}

function literalType(value: unknown): ExprType {
  if (typeof value === "string") return "text";
  if (typeof value === "number") return "number";
  return typeof value === "boolean" ? "boolean" : "unknown";
}
