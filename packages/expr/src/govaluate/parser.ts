import { maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";
import { type Tagged, type TagSpan, type Token, tokenize } from "./lexer.ts";

export type Node =
  | {
      readonly kind: "literal";
      readonly value: number | string | boolean;
      /** As written. */
      readonly text: string;
      readonly offset: number;
    }
  | { readonly kind: "tagged"; readonly operand: Tagged; readonly offset: number }
  | { readonly kind: "name"; readonly name: string; readonly offset: number }
  | { readonly kind: "unary"; readonly operator: string; readonly inner: Node; readonly offset: number }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Node;
      readonly right: Node;
      readonly offset: number;
      /** A `-` with no space at either side, between plain operands: `app-{{name}}`. */
      readonly glued?: boolean;
    }
  | {
      readonly kind: "ternary";
      readonly test: Node;
      readonly then: Node;
      readonly otherwise: Node | undefined;
      readonly offset: number;
    }
  | { readonly kind: "list"; readonly items: readonly Node[]; readonly offset: number };

/** From loosest to tightest; all are left-associative but `**`. */
const levels: readonly (readonly string[])[] = [
  ["??"],
  ["||"],
  ["&&"],
  ["==", "!=", ">", "<", ">=", "<=", "=~", "!~", "in"],
  ["&", "|", "^"],
  ["<<", ">>"],
  ["+", "-"],
  ["*", "/", "%"],
];

/** Parses an expression; `tags` are the places of tags, each of which is an operand. Errors: EXPR_SYNTAX, EXPR_LIMIT. */
export function parse(source: SourceText, tags: readonly TagSpan[] = []): Node {
  return new Parser(source, tokenize(source, tags)).whole();
}

class Parser {
  readonly #source: SourceText;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  whole(): Node {
    if (this.#tokens.length === 0) throw this.#source.syntax("the expression is empty", 0);
    const node = this.#ternary();
    const left = this.#tokens[this.#next];
    if (left !== undefined)
      throw this.#source.syntax(`Cannot transition token types: unexpected '${left.text}'`, left.offset);
    return node;
  }

  #ternary(): Node {
    return this.#deeper(() => {
      const test = this.#level(0);
      const question = this.#take("?");
      if (question === undefined) return test;
      const then = this.#ternary();
      const otherwise = this.#take(":") === undefined ? undefined : this.#ternary();
      return { kind: "ternary", test, then, otherwise, offset: question.offset };
    });
  }

  #level(index: number): Node {
    const operators = levels[index];
    if (operators === undefined) return this.#power();
    let left = this.#level(index + 1);
    for (let links = 0; ; links++) {
      const token = this.#take(...operators);
      if (token === undefined) return left;
      if (links >= maxDepth * 5) throw this.#limit(maxDepth * 5);
      const close = token.text === "-" && this.#isClose();
      const right = this.#level(index + 1);
      const glued = close && isPlain(left) && isPlain(right);
      left = { kind: "binary", operator: token.text, left, right, offset: token.offset, glued };
    }
  }

  #power(): Node {
    const left = this.#unary();
    const token = this.#take("**");
    if (token === undefined) return left;
    const right = this.#deeper(() => this.#power());
    return { kind: "binary", operator: "**", left, right, offset: token.offset };
  }

  #unary(): Node {
    const token = this.#take("!", "-", "~");
    if (token === undefined) return this.#primary();
    const inner = this.#deeper(() => this.#unary());
    return { kind: "unary", operator: token.text, inner, offset: token.offset };
  }

  #primary(): Node {
    const token = this.#tokens[this.#next];
    if (token === undefined)
      throw this.#source.syntax("Unexpected end of expression", this.#source.text.length);
    this.#next++;
    switch (token.kind) {
      case "number":
      case "string":
      case "boolean":
        return { kind: "literal", value: token.value, text: token.text, offset: token.offset };
      case "tagged":
        return { kind: "tagged", operand: token.operand, offset: token.offset };
      case "name":
        return { kind: "name", name: token.name, offset: token.offset };
      case "operator":
        if (token.text === "(") return this.#group(token.offset);
        throw this.#source.syntax(`Cannot transition token types: unexpected '${token.text}'`, token.offset);
    }
  }

  #group(offset: number): Node {
    if (this.#take(")") !== undefined) return { kind: "list", items: [], offset };
    const items = [this.#ternary()];
    while (this.#take(",") !== undefined) items.push(this.#ternary());
    if (this.#take(")") === undefined) throw this.#source.syntax("Unbalanced parenthesis", offset);
    return items.length === 1 ? (items[0] as Node) : { kind: "list", items, offset };
  }

  /** Whether the operator just taken stands between its neighbours without a space. */
  #isClose(): boolean {
    const [before, operator, after] = this.#tokens.slice(this.#next - 2, this.#next + 1);
    if (before === undefined || operator === undefined || after === undefined) return false;
    return before.offset + before.text.length === operator.offset && operator.offset + 1 === after.offset;
  }

  #take(...operators: readonly string[]): Token | undefined {
    const token = this.#tokens[this.#next];
    if (token?.kind !== "operator" || !operators.includes(token.text)) return undefined;
    this.#next++;
    return token;
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > maxDepth) throw this.#limit(maxDepth);
    const node = read();
    this.#depth--;
    return node;
  }

  #limit(max: number): Error {
    return ExprError.LIMIT({ language: this.#source.language, what: "nested levels", max });
  }
}

/** An operand that is written in one piece, or several joined by glued `-`. */
const isPlain = (node: Node): boolean =>
  node.kind === "name" ||
  (node.kind === "literal" && typeof node.value !== "string") ||
  (node.kind === "tagged" && node.operand.bare) ||
  (node.kind === "binary" && node.glued === true);
