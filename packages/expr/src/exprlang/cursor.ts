import { maxDepth, maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";
import type { Node } from "./ast.ts";
import type { Token } from "./lexer.ts";

/** Most links in one chain of operators or members; deeper trees would exhaust the evaluator's stack. */
const maxLinks = 1_000;

/** The levels of the grammar that the others call back to. */
export interface Grammar {
  readonly cursor: Cursor;
  /** `let x = …; body`, or a plain expression. */
  sequence(): Node;
  /** Operators of this precedence and tighter ones; 0 = all, with `?:`. */
  expression(precedence: number): Node;
}

/** The place in the tokens, and the bounds on what is made of them. */
export class Cursor {
  readonly source: SourceText;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  /** Items between commas up to `close`, with or without a last comma. */
  list<T>(close: string, item: () => T): readonly T[] {
    const items: T[] = [];
    while (!this.take(close)) {
      if (items.length > 0) {
        this.expect(",");
        if (this.take(close)) return items;
      }
      items.push(item());
    }
    return items;
  }

  peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", offset: this.source.text.length };
  }

  /** The token after the next one. */
  peekAfter(): Token | undefined {
    return this.#tokens[this.#next + 1];
  }

  skip(): void {
    this.#next++;
  }

  at(text: string): boolean {
    const token = this.peek();
    return token.kind === "operator" && token.text === text;
  }

  take(text: string): boolean {
    const found = this.at(text);
    if (found) this.#next++;
    return found;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.unexpected(`'${text}'`);
  }

  name(): string {
    const token = this.peek();
    if (token.kind !== "name") throw this.unexpected("a name");
    this.#next++;
    return token.text;
  }

  unexpected(wanted: string): Error {
    const token = this.peek();
    if (token.kind === "end")
      return this.source.syntax(`unexpected end of expression, wanted ${wanted}`, token.offset);
    const came = token.kind === "literal" ? JSON.stringify(token.value) : token.text;
    return this.source.syntax(`unexpected token ${came}, wanted ${wanted}`, token.offset);
  }

  node(node: Node): Node {
    if (++this.#nodes > maxNodes)
      throw ExprError.LIMIT({ language: this.source.language, what: "nodes", max: maxNodes });
    return node;
  }

  bound(links: number): void {
    if (links >= maxLinks)
      throw ExprError.LIMIT({ language: this.source.language, what: "links in one chain", max: maxLinks });
  }

  deeper<T>(read: () => T): T {
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: this.source.language, what: "nested levels", max: maxDepth });
    const made = read();
    this.#depth--;
    return made;
  }
}
