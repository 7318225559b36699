import { maxDepth, maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";
import type { Node } from "./ast.ts";
import { type ResolveTag, type Token, tokenize } from "./lexer.ts";

interface Operator {
  readonly precedence: number;
  readonly right?: boolean;
}

const binary: Readonly<Record<string, Operator>> = {
  "|": { precedence: 0 },
  or: { precedence: 10 },
  "||": { precedence: 10 },
  and: { precedence: 15 },
  "&&": { precedence: 15 },
  "==": { precedence: 20 },
  "!=": { precedence: 20 },
  "<": { precedence: 20 },
  ">": { precedence: 20 },
  "<=": { precedence: 20 },
  ">=": { precedence: 20 },
  in: { precedence: 20 },
  matches: { precedence: 20 },
  contains: { precedence: 20 },
  startsWith: { precedence: 20 },
  endsWith: { precedence: 20 },
  "..": { precedence: 25 },
  "+": { precedence: 30 },
  "-": { precedence: 30 },
  "*": { precedence: 60 },
  "/": { precedence: 60 },
  "%": { precedence: 60 },
  "**": { precedence: 100, right: true },
  "^": { precedence: 100, right: true },
  "??": { precedence: 500 },
};
const negatable = new Set(["in", "matches", "contains", "startsWith", "endsWith"]);

/** Built-ins whose argument at this index is a predicate, with or without its braces. */
export const predicateArgument: ReadonlyMap<string, number> = new Map(
  "all any none one map filter find findIndex findLast findLastIndex count groupBy countBy sortBy reduce sum"
    .split(" ")
    .map((name) => [name, 1] as const),
);

/** Most links in one chain of operators or members; deeper trees would exhaust the evaluator's stack. */
const maxLinks = 1_000;

export function parse(source: SourceText, tag?: ResolveTag): Node {
  return new Parser(source, tokenize(source, tag)).whole();
}

class Parser {
  readonly #source: SourceText;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.#source = source;
    this.#tokens = tokens;
  }

  whole(): Node {
    const node = this.#sequence();
    if (this.#peek().kind !== "end") throw this.#unexpected("an operator or the end");
    return node;
  }

  /** `let x = …; body`, or a plain expression. */
  #sequence(): Node {
    return this.#deeper(() => {
      const token = this.#peek();
      if (token.kind !== "name" || token.text !== "let" || this.#tokens[this.#next + 1]?.kind !== "name")
        return this.#expression(0);
      this.#next++;
      const name = this.#name();
      this.#expect("=");
      const value = this.#expression(0);
      this.#expect(";");
      return this.#node({ kind: "let", name, value, body: this.#sequence(), offset: token.offset });
    });
  }

  #expression(precedence: number): Node {
    return this.#deeper(() => {
      const start = this.#peek();
      if (precedence === 0 && start.kind === "name" && start.text === "if") return this.#ifElse(start.offset);
      let left = this.#operand();
      for (let links = 0; ; links++) {
        const operator = this.#binaryAhead(precedence);
        if (operator === undefined) break;
        this.#bound(links);
        left = this.#binary(left, operator);
      }
      return precedence === 0 ? this.#conditional(left) : left;
    });
  }

  #binaryAhead(precedence: number): { readonly text: string; readonly negated: boolean } | undefined {
    const token = this.#peek();
    if (token.kind !== "operator") return undefined;
    const after = this.#tokens[this.#next + 1];
    const negated = token.text === "not" && after?.kind === "operator" && negatable.has(after.text);
    const text = negated ? after.text : token.text;
    const known = Object.hasOwn(binary, text) ? binary[text] : undefined;
    return known !== undefined && known.precedence >= precedence ? { text, negated } : undefined;
  }

  #binary(left: Node, { text, negated }: { readonly text: string; readonly negated: boolean }): Node {
    const { offset } = this.#peek();
    this.#next += negated ? 2 : 1;
    if (text === "|") return this.#pipe(left);
    const { precedence, right: rightward } = binary[text] as Operator;
    const right = this.#expression(rightward === true ? precedence : precedence + 1);
    const operator = text === "&&" ? "and" : text === "||" ? "or" : text === "^" ? "**" : text;
    const node = this.#node({ kind: "binary", operator, left, right, offset });
    return negated ? this.#node({ kind: "unary", operator: "not", inner: node, offset }) : node;
  }

  /** `x | f(a)` is `f(x, a)`. */
  #pipe(value: Node): Node {
    const offset = this.#peek().offset;
    let callee: Node = { kind: "name", name: this.#name(), offset };
    while (this.#take(".")) callee = this.#memberOf(callee, offset);
    this.#expect("(");
    const call = this.#call(callee, offset, [value]);
    return this.#postfix(call);
  }

  #conditional(test: Node): Node {
    const { offset } = this.#peek();
    if (this.#take("?:"))
      return this.#node({ kind: "conditional", test, then: test, otherwise: this.#expression(0), offset });
    if (!this.#take("?")) return test;
    const then = this.#expression(0);
    this.#expect(":");
    return this.#node({ kind: "conditional", test, then, otherwise: this.#expression(0), offset });
  }

  #ifElse(offset: number): Node {
    this.#next++;
    const test = this.#expression(1);
    const then = this.#block();
    const word = this.#name();
    if (word !== "else") throw this.#source.syntax(`wanted 'else', came '${word}'`, offset);
    const next = this.#peek();
    const chained = next.kind === "name" && next.text === "if";
    const otherwise = chained ? this.#deeper(() => this.#ifElse(next.offset)) : this.#block();
    return this.#node({ kind: "conditional", test, then, otherwise, offset });
  }

  #block(): Node {
    this.#expect("{");
    const body = this.#sequence();
    this.#expect("}");
    return body;
  }

  #operand(): Node {
    const token = this.#peek();
    if (token.kind === "operator" && ["not", "!", "-", "+"].includes(token.text)) {
      this.#next++;
      const not = token.text === "not" || token.text === "!";
      const inner = this.#expression(not ? 50 : 90);
      const operator = not ? "not" : (token.text as "-" | "+");
      return this.#node({ kind: "unary", operator, inner, offset: token.offset });
    }
    return this.#postfix(this.#primary());
  }

  #primary(): Node {
    const token = this.#peek();
    const { offset } = token;
    if (token.kind === "end") throw this.#source.syntax("unexpected end of expression", offset);
    if (token.kind === "operator") return this.#bracketed(token.text, offset);
    this.#next++;
    return token.kind === "literal"
      ? this.#node({ kind: "literal", value: token.value, offset })
      : this.#node({ kind: "name", name: token.text, offset });
  }

  #bracketed(text: string, offset: number): Node {
    if (text === ".") return this.#node({ kind: "pointer", name: "", offset });
    if (text === "#" || text === "#acc" || text === "#index") {
      this.#next++;
      return this.#node({ kind: "pointer", name: text.slice(1) as "" | "acc" | "index", offset });
    }
    if (text === "(") {
      this.#next++;
      const inner = this.#sequence();
      this.#expect(")");
      return inner;
    }
    if (text === "[") {
      this.#next++;
      return this.#node({ kind: "array", items: this.#list("]", () => this.#expression(0)), offset });
    }
    if (text === "{") {
      this.#next++;
      return this.#node({ kind: "map", entries: this.#list("}", () => this.#entry()), offset });
    }
    throw this.#unexpected("a value");
  }

  #entry(): readonly [Node, Node] {
    const token = this.#peek();
    let key: Node;
    if (token.kind === "name" || (token.kind === "literal" && token.value !== null)) {
      this.#next++;
      const value = token.kind === "name" ? token.text : String(token.value);
      key = this.#node({ kind: "literal", value, offset: token.offset });
    } else if (token.kind === "operator" && /^\w+$/.test(token.text)) {
      this.#next++;
      key = this.#node({ kind: "literal", value: token.text, offset: token.offset });
    } else {
      this.#expect("(");
      key = this.#expression(0);
      this.#expect(")");
    }
    this.#expect(":");
    return [key, this.#expression(0)];
  }

  #postfix(start: Node): Node {
    let node = start;
    for (let links = 0; ; links++) {
      this.#bound(links);
      const { offset } = this.#peek();
      if (this.#take(".")) node = this.#memberOf(node, offset);
      else if (this.#take("?.")) node = this.#optionalOf(node, offset);
      else if (this.#take("[")) node = this.#indexed(node, offset);
      else if (this.#take("(")) node = this.#call(node, offset, []);
      else return node;
    }
  }

  #memberOf(object: Node, offset: number, optional = false): Node {
    const token = this.#peek();
    this.#next++;
    if (
      token.kind === "end" ||
      (token.kind === "operator" && !/^\w+$/.test(token.text)) ||
      token.kind === "literal"
    )
      throw this.#source.syntax("a name is wanted after '.'", token.offset);
    const key = this.#node({ kind: "literal", value: token.text, offset: token.offset });
    return this.#node({ kind: "member", object, key, optional, offset });
  }

  #optionalOf(object: Node, offset: number): Node {
    if (!this.#take("[")) return this.#memberOf(object, offset, true);
    const key = this.#expression(0);
    this.#expect("]");
    return this.#node({ kind: "member", object, key, optional: true, offset });
  }

  #indexed(object: Node, offset: number): Node {
    let from: Node | undefined;
    if (!this.#at(":")) {
      from = this.#expression(0);
      if (this.#take("]")) return this.#node({ kind: "member", object, key: from, optional: false, offset });
    }
    this.#expect(":");
    const to = this.#at("]") ? undefined : this.#expression(0);
    this.#expect("]");
    return this.#node({ kind: "slice", object, from, to, offset });
  }

  #call(callee: Node, offset: number, first: readonly Node[]): Node {
    const predicate = callee.kind === "name" ? predicateArgument.get(callee.name) : undefined;
    let index = first.length;
    const rest = this.#list(")", () => this.#argument(index++ === predicate));
    return this.#node({ kind: "call", callee, args: [...first, ...rest], offset });
  }

  #argument(predicate: boolean): Node {
    if (!predicate) return this.#expression(0);
    const { offset } = this.#peek();
    const braced = this.#take("{");
    const body = this.#sequence();
    if (braced) this.#expect("}");
    return this.#node({ kind: "closure", body, offset });
  }

  #list<T>(close: string, item: () => T): readonly T[] {
    const items: T[] = [];
    while (!this.#take(close)) {
      if (items.length > 0) {
        this.#expect(",");
        if (this.#take(close)) return items;
      }
      items.push(item());
    }
    return items;
  }

  #peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", offset: this.#source.text.length };
  }

  #at(text: string): boolean {
    const token = this.#peek();
    return token.kind === "operator" && token.text === text;
  }

  #take(text: string): boolean {
    const found = this.#at(text);
    if (found) this.#next++;
    return found;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected(`'${text}'`);
  }

  #name(): string {
    const token = this.#peek();
    if (token.kind !== "name") throw this.#unexpected("a name");
    this.#next++;
    return token.text;
  }

  #unexpected(wanted: string): Error {
    const token = this.#peek();
    if (token.kind === "end")
      return this.#source.syntax(`unexpected end of expression, wanted ${wanted}`, token.offset);
    const came = token.kind === "literal" ? JSON.stringify(token.value) : token.text;
    return this.#source.syntax(`unexpected token ${came}, wanted ${wanted}`, token.offset);
  }

  #node(node: Node): Node {
    if (++this.#nodes > maxNodes)
      throw ExprError.LIMIT({ language: this.#source.language, what: "nodes", max: maxNodes });
    return node;
  }

  #bound(links: number): void {
    if (links >= maxLinks)
      throw ExprError.LIMIT({ language: this.#source.language, what: "links in one chain", max: maxLinks });
  }

  #deeper<T>(read: () => T): T {
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: this.#source.language, what: "nested levels", max: maxDepth });
    const made = read();
    this.#depth--;
    return made;
  }
}
