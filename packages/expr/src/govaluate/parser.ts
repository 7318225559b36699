import { maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";
import { type Token, tokenize } from "./lexer.ts";

export type Node =
  | { readonly kind: "literal"; readonly value: number | string | boolean; readonly offset: number }
  | { readonly kind: "name"; readonly name: string; readonly offset: number }
  | { readonly kind: "unary"; readonly operator: string; readonly inner: Node; readonly offset: number }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Node;
      readonly right: Node;
      readonly offset: number;
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

export function parse(source: SourceText): Node {
  return new Parser(source).whole();
}

class Parser {
  readonly #source: SourceText;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(source: SourceText) {
    this.#source = source;
    this.#tokens = tokenize(source);
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
      const right = this.#level(index + 1);
      left = { kind: "binary", operator: token.text, left, right, offset: token.offset };
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
        return { kind: "literal", value: token.value, offset: token.offset };
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
