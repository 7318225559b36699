import type { Json } from "@sluice/base";
import { Budget } from "../budget.ts";
import { jsonText } from "../gjson/result.ts";
import type { SourceText } from "../position.ts";
import { compileRegex, type Regex } from "../regex.ts";
import type { Node } from "./parser.ts";

/** One comparison that took part in the verdict, with what was really compared. */
export interface Comparison {
  readonly left: unknown;
  readonly operator: string;
  readonly right: unknown;
}

export interface Evaluation {
  readonly value: unknown;
  /** The comparisons reached through `&& || !` and parentheses, in the order they were made. */
  readonly comparisons: readonly Comparison[];
}

export type NameValue = (name: string, offset: number) => unknown;

export function evaluateTree(source: SourceText, tree: Node, nameValue: NameValue): Evaluation {
  const evaluator = new Evaluator(source, nameValue);
  return { value: evaluator.value(tree, true), comparisons: evaluator.comparisons };
}

const comparing = new Set(["==", "!=", ">", "<", ">=", "<=", "=~", "!~", "in"]);

class Evaluator {
  readonly comparisons: Comparison[] = [];
  readonly #source: SourceText;
  readonly #nameValue: NameValue;
  readonly #budget = new Budget("govaluate");
  readonly #regexes = new Map<string, Regex>();

  constructor(source: SourceText, nameValue: NameValue) {
    this.#source = source;
    this.#nameValue = nameValue;
  }

  value(node: Node, shown = false): unknown {
    this.#budget.spend();
    switch (node.kind) {
      case "literal":
        return node.value;
      case "name":
        return this.#nameValue(node.name, node.offset);
      case "list":
        return node.items.map((item) => this.value(item));
      case "unary":
        return this.#unary(node, shown);
      case "ternary":
        return this.#ternary(node);
      case "binary":
        return this.#binary(node, shown);
    }
  }

  #unary(node: Node & { kind: "unary" }, shown: boolean): unknown {
    const inner = this.value(node.inner, shown && node.operator === "!");
    if (node.operator === "!") return !this.#boolean(inner, node, "logical prefix");
    const number = this.#number(inner, node, "prefix");
    return node.operator === "-" ? -number : ~number;
  }

  #ternary(node: Node & { kind: "ternary" }): unknown {
    if (this.#boolean(this.value(node.test), node, "ternary operator", "?")) return this.value(node.then);
    return node.otherwise === undefined ? null : this.value(node.otherwise);
  }

  #binary(node: Node & { kind: "binary" }, shown: boolean): unknown {
    const { operator } = node;
    if (operator === "&&" || operator === "||") {
      const left = this.#boolean(this.value(node.left, shown), node, "logical operator");
      if (left === (operator === "||")) return left;
      return this.#boolean(this.value(node.right, shown), node, "logical operator");
    }
    const left = this.value(node.left);
    if (operator === "??") return left ?? this.value(node.right);
    const right = this.value(node.right);
    if (!comparing.has(operator)) return this.#arithmetic(node, left, right);
    if (shown && this.comparisons.length < 100) this.comparisons.push({ left, operator, right });
    return this.#compare(node, left, right);
  }

  #compare(node: Node & { kind: "binary" }, left: unknown, right: unknown): boolean {
    switch (node.operator) {
      case "==":
        return this.#equal(left, right);
      case "!=":
        return !this.#equal(left, right);
      case "=~":
      case "!~":
        return this.#matches(node, left, right) === (node.operator === "=~");
      case "in":
        if (!Array.isArray(right)) throw this.#refuse(node, right, "comparator", "an array");
        return right.some((item) => this.#equal(left, item));
      default:
        return this.#ordered(node, left, right);
    }
  }

  #ordered(node: Node & { kind: "binary" }, left: unknown, right: unknown): boolean {
    const order =
      typeof left === "string" && typeof right === "string"
        ? compareText(left, right)
        : this.#number(left, node, "comparator") - this.#number(right, node, "comparator");
    switch (node.operator) {
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
      case ">":
        return order > 0;
      default:
        return order >= 0;
    }
  }

  #matches(node: Node & { kind: "binary" }, left: unknown, right: unknown): boolean {
    if (typeof left !== "string") throw this.#refuse(node, left, "comparator", "a string");
    if (typeof right !== "string") throw this.#refuse(node, right, "comparator", "a regular expression");
    this.#budget.text(left.length);
    let regex = this.#regexes.get(right);
    if (regex === undefined) {
      regex = compileRegex(right);
      this.#regexes.set(right, regex);
    }
    return regex.test(left);
  }

  #arithmetic(node: Node & { kind: "binary" }, left: unknown, right: unknown): unknown {
    if (node.operator === "+" && (typeof left === "string" || typeof right === "string")) {
      const text = `${show(left)}${show(right)}`;
      this.#budget.text(text.length);
      return text;
    }
    return calculate(
      node.operator,
      this.#number(left, node, "modifier"),
      this.#number(right, node, "modifier"),
    );
  }

  #equal(left: unknown, right: unknown): boolean {
    this.#budget.spend();
    if (left === right) return true;
    if (typeof left !== "object" || typeof right !== "object" || left === null || right === null)
      return false;
    return jsonText(left as Json) === jsonText(right as Json);
  }

  #number(value: unknown, node: Node, role: string): number {
    if (typeof value === "number") return value;
    throw this.#refuse(node, value, role, "a number");
  }

  #boolean(value: unknown, node: Node, role: string, operator?: string): boolean {
    if (typeof value === "boolean") return value;
    throw this.#refuse(node, value, role, "a bool", operator);
  }

  #refuse(node: Node, value: unknown, role: string, wanted: string, operator?: string): Error {
    const sign = operator ?? ("operator" in node ? node.operator : "?");
    return this.#source.evaluation(
      `Value '${show(value)}' cannot be used with the ${role} '${sign}', it is not ${wanted}`,
      node.offset,
    );
  }
}

const compareText = (left: string, right: string): number => (left < right ? -1 : left > right ? 1 : 0);

function calculate(operator: string, left: number, right: number): number {
  switch (operator) {
    case "+":
      return left + right;
    case "-":
      return left - right;
    case "*":
      return left * right;
    case "/":
      return left / right;
    case "%":
      return left % right;
    case "**":
      return left ** right;
    case "&":
      return Number(BigInt.asIntN(64, whole(left) & whole(right)));
    case "|":
      return Number(BigInt.asIntN(64, whole(left) | whole(right)));
    case "^":
      return Number(BigInt.asIntN(64, whole(left) ^ whole(right)));
    case "<<":
      return right >= 64 ? 0 : Number(BigInt.asIntN(64, whole(left) << whole(Math.max(0, right))));
    default:
      return Number(BigInt.asIntN(64, whole(left) >> whole(Math.max(0, Math.min(63, right)))));
  }
}

const whole = (value: number): bigint => BigInt(Number.isFinite(value) ? Math.trunc(value) : 0);

/** How a value reads in messages and in string concatenation. */
export const show = (value: unknown): string => {
  if (typeof value === "string") return value;
  if (value === null || value === undefined) return "<nil>";
  return typeof value === "object" ? jsonText(value as Json) : String(value);
};
