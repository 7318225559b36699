import type { SourceText } from "../position.ts";
import type { ChainLink, Node } from "./ast.ts";
import { Cursor, type Grammar } from "./cursor.ts";
import { type ResolveTag, tokenize } from "./lexer.ts";
import { parseCall, parseMember, parsePostfix } from "./postfix.ts";
import { parsePrimary } from "./primary.ts";

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

const ordering = new Set(["<", ">", "<=", ">="]);

export function parse(source: SourceText, tag?: ResolveTag): Node {
  return new Parser(new Cursor(source, tokenize(source, tag))).whole();
}

/** The levels of operators; operands and what follows them are in files of their own. */
class Parser implements Grammar {
  readonly cursor: Cursor;

  constructor(cursor: Cursor) {
    this.cursor = cursor;
  }

  whole(): Node {
    const node = this.sequence();
    if (this.cursor.peek().kind !== "end") throw this.cursor.unexpected("an operator or the end");
    return node;
  }

  /** Expressions with `;` between them; the last one is the value. */
  sequence(): Node {
    return this.cursor.deeper(() => {
      const { offset } = this.cursor.peek();
      const value = this.expression(0);
      if (!this.cursor.take(";")) return value;
      return this.cursor.node({ kind: "let", name: "", value, body: this.sequence(), offset });
    });
  }

  expression(precedence: number): Node {
    return this.cursor.deeper(() => {
      const start = this.cursor.peek();
      if (precedence === 0 && start.kind === "name") {
        if (start.text === "if") return this.#ifElse(start.offset);
        if (start.text === "let" && this.cursor.peekAfter()?.kind === "name") return this.#let(start.offset);
      }
      let left = this.#operand();
      for (let links = 0; ; links++) {
        const operator = this.#binaryAhead(precedence);
        if (operator === undefined) break;
        this.cursor.bound(links);
        left = this.#binary(left, operator);
      }
      return precedence === 0 ? this.#conditional(left) : left;
    });
  }

  /** `let x = …; body`. */
  #let(offset: number): Node {
    this.cursor.skip();
    const name = this.cursor.name();
    this.cursor.expect("=");
    const value = this.expression(0);
    this.cursor.expect(";");
    return this.cursor.node({ kind: "let", name, value, body: this.sequence(), offset });
  }

  #binaryAhead(precedence: number): { readonly text: string; readonly negated: boolean } | undefined {
    const token = this.cursor.peek();
    if (token.kind !== "operator") return undefined;
    const after = this.cursor.peekAfter();
    const negated = token.text === "not" && after?.kind === "operator" && negatable.has(after.text);
    const text = negated ? after.text : token.text;
    const known = Object.hasOwn(binary, text) ? binary[text] : undefined;
    return known !== undefined && known.precedence >= precedence ? { text, negated } : undefined;
  }

  #binary(left: Node, { text, negated }: { readonly text: string; readonly negated: boolean }): Node {
    const { offset } = this.cursor.peek();
    this.cursor.skip();
    if (negated) this.cursor.skip();
    if (text === "|") return this.#pipe(left);
    const { precedence, right: rightward } = binary[text] as Operator;
    const right = this.expression(rightward === true ? precedence : precedence + 1);
    if (ordering.has(text)) return this.#comparison(left, { operator: text, operand: right, offset });
    const operator = text === "&&" ? "and" : text === "||" ? "or" : text === "^" ? "**" : text;
    const node = this.cursor.node({ kind: "binary", operator, left, right, offset });
    return negated ? this.cursor.node({ kind: "unary", operator: "not", inner: node, offset }) : node;
  }

  /** `a < b`, or `a < b <= c`, which is `a < b and b <= c`. */
  #comparison(first: Node, link: ChainLink): Node {
    const links = [link];
    for (;;) {
      const token = this.cursor.peek();
      if (token.kind !== "operator" || !ordering.has(token.text)) break;
      const { text, offset } = token;
      this.cursor.bound(links.length);
      this.cursor.skip();
      links.push({
        operator: text,
        operand: this.expression((binary[text] as Operator).precedence + 1),
        offset,
      });
    }
    const { operator, operand, offset } = link;
    if (links.length > 1) return this.cursor.node({ kind: "chain", first, links, offset });
    return this.cursor.node({ kind: "binary", operator, left: first, right: operand, offset });
  }

  /** `x | f(a)` is `f(x, a)`. */
  #pipe(value: Node): Node {
    const offset = this.cursor.peek().offset;
    let callee: Node = { kind: "name", name: this.cursor.name(), offset };
    while (this.cursor.take(".")) callee = parseMember(this, callee, offset);
    this.cursor.expect("(");
    const call = parseCall(this, callee, offset, [value]);
    return parsePostfix(this, call);
  }

  #conditional(test: Node): Node {
    const { offset } = this.cursor.peek();
    if (this.cursor.take("?:"))
      return this.cursor.node({
        kind: "conditional",
        test,
        then: test,
        otherwise: this.expression(0),
        offset,
      });
    if (!this.cursor.take("?")) return test;
    const then = this.expression(0);
    this.cursor.expect(":");
    return this.cursor.node({ kind: "conditional", test, then, otherwise: this.expression(0), offset });
  }

  #ifElse(offset: number): Node {
    this.cursor.skip();
    const test = this.expression(1);
    const then = this.#block();
    const word = this.cursor.name();
    if (word !== "else") throw this.cursor.source.syntax(`wanted 'else', came '${word}'`, offset);
    const next = this.cursor.peek();
    const chained = next.kind === "name" && next.text === "if";
    const otherwise = chained ? this.cursor.deeper(() => this.#ifElse(next.offset)) : this.#block();
    return this.cursor.node({ kind: "conditional", test, then, otherwise, offset });
  }

  #block(): Node {
    this.cursor.expect("{");
    const body = this.sequence();
    this.cursor.expect("}");
    return body;
  }

  #operand(): Node {
    const token = this.cursor.peek();
    if (token.kind === "operator" && ["not", "!", "-", "+"].includes(token.text)) {
      this.cursor.skip();
      const not = token.text === "not" || token.text === "!";
      const inner = this.expression(not ? 50 : 90);
      const operator = not ? "not" : (token.text as "-" | "+");
      return this.cursor.node({ kind: "unary", operator, inner, offset: token.offset });
    }
    return parsePostfix(this, parsePrimary(this));
  }
}
