import type { Json } from "@sluice/base";
import { Budget } from "../budget.ts";
import { jsonText } from "../gjson/result.ts";
import type { SourceText } from "../position.ts";
import { compileRegex, type Regex } from "../regex.ts";
import type { Node } from "./parser.ts";
import { timed } from "./time.ts";

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

/** Where operands that are not written out get their values. */
export interface Operands {
  name(name: string, offset: number): unknown;
  /** The text of a tag, by its index; only where tags were parsed. */
  tag?(index: number): string;
}

export function evaluateTree(source: SourceText, tree: Node, operands: Operands): Evaluation {
  const evaluator = new Evaluator(source, operands);
  return { value: evaluator.value(tree, true), comparisons: evaluator.comparisons };
}

const comparing = new Set(["==", "!=", ">", "<", ">=", "<=", "=~", "!~", "in"]);

class Evaluator {
  readonly comparisons: Comparison[] = [];
  readonly #source: SourceText;
  readonly #operands: Operands;
  readonly #budget = new Budget("govaluate");
  readonly #regexes = new Map<string, Regex>();

  constructor(source: SourceText, operands: Operands) {
    this.#source = source;
    this.#operands = operands;
  }

  value(node: Node, shown = false): unknown {
    this.#budget.spend();
    switch (node.kind) {
      case "literal":
        return node.value;
      case "name":
        return this.#operands.name(node.name, node.offset);
      case "tagged":
        return node.operand.bare ? readBare(this.#text(node)) : this.#text(node);
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
    if (node.glued === true) {
      const text = this.#gluedText(node);
      if (text !== undefined) return text;
    }
    if (operator === "=~" || operator === "!~") return this.#matching(node, shown);
    const left = this.value(node.left);
    if (operator === "??") return left ?? this.value(node.right);
    const right = this.value(node.right);
    if (!comparing.has(operator)) return this.#arithmetic(node, left, right);
    this.#show(operator, left, right, shown);
    return this.#compare(node, left, right);
  }

  /** What a tag brings to a match is a text, also where it would read as a number. */
  #matching(node: Node & { kind: "binary" }, shown: boolean): boolean {
    const [left, right] = [node.left, node.right].map((side) =>
      side.kind === "tagged" ? this.#text(side) : this.value(side),
    );
    this.#show(node.operator, left, right, shown);
    return this.#matches(node, left, right) === (node.operator === "=~");
  }

  #show(operator: string, left: unknown, right: unknown, shown: boolean): void {
    if (shown && this.comparisons.length < 100) this.comparisons.push({ left, operator, right });
  }

  /** What an operand reads as when it is a part of a longer word. */
  #text(node: Node): string {
    if (node.kind !== "tagged") return node.kind === "literal" ? node.text : show(this.value(node));
    const text = node.operand.pieces
      .map((piece) => (typeof piece === "string" ? piece : (this.#operands.tag?.(piece) ?? "")))
      .join("");
    this.#budget.text(text.length);
    return text;
  }

  /** `app-{{name}}` is one word unless all its pieces are numbers; without tags a `-` always subtracts. */
  #gluedText(node: Node): string | undefined {
    const leaves = gluedLeaves(node);
    if (!leaves.some((leaf) => leaf.kind === "tagged")) return undefined;
    if (leaves.every((leaf) => typeof this.value(leaf) === "number")) return undefined;
    return leaves.map((leaf) => this.#text(leaf)).join("-");
  }

  #compare(node: Node & { kind: "binary" }, left: unknown, right: unknown): boolean {
    switch (node.operator) {
      case "==":
        return this.#equal(...timed(left, right));
      case "!=":
        return !this.#equal(...timed(left, right));
      case "in":
        if (!Array.isArray(right)) throw this.#refuse(node, right, "comparator", "an array");
        return right.some((item) => this.#equal(left, item));
      default:
        return this.#ordered(node, ...timed(left, right));
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

/** The operands of a chain of glued `-`, from the left. */
function gluedLeaves(node: Node): readonly Node[] {
  const leaves: Node[] = [];
  let at = node;
  while (at.kind === "binary" && at.glued === true) {
    leaves.push(at.right);
    at = at.left;
  }
  return [...leaves, at].reverse();
}

/** A value as govaluate would read its text if it stood alone: number, boolean, quoted text, else the text itself. */
export function readBare(value: string): number | string | boolean {
  const text = value.trim();
  if (text === "true" || text === "false") return text === "true";
  if (/^-?(?:0[xX][0-9a-fA-F]+|\d[\d.]*)$/.test(text)) {
    const number = text.startsWith("-") ? -Number(text.slice(1)) : Number(text);
    return Number.isNaN(number) ? text : number;
  }
  return /^"[^"\\]*"$|^'[^'\\]*'$/.test(text) ? text.slice(1, -1) : text;
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
