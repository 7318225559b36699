import { maxDepth, maxNodes } from "../../budget.ts";
import { ExprError } from "../../errors.ts";
import type { SourceText } from "../../position.ts";
import type { Node } from "./ast.ts";
import type { Token } from "./lexer.ts";

/** The place in the tokens, and the bounds on what is made of them. */
export class Cursor {
  readonly source: SourceText;
  #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  #nodes = 0;

  constructor(source: SourceText, tokens: readonly Token[]) {
    this.source = source;
    this.#tokens = tokens;
  }

  peek(): Token {
    return this.#tokens[this.#next] ?? { kind: "end", offset: this.source.text.length };
  }

  peekAfter(): Token | undefined {
    return this.#tokens[this.#next + 1];
  }

  skip(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  at(text: string): boolean {
    const token = this.peek();
    return (token.kind === "operator" || token.kind === "word") && token.text === text;
  }

  take(text: string): boolean {
    const found = this.at(text);
    if (found) this.#next++;
    return found;
  }

  expect(text: string): void {
    if (!this.take(text)) throw this.unexpected(`'${text}'`);
  }

  variable(): string {
    const token = this.peek();
    if (token.kind !== "variable") throw this.unexpected("a variable such as $x");
    this.#next++;
    return token.text;
  }

  unexpected(wanted: string): Error {
    const token = this.peek();
    return token.kind === "end"
      ? this.source.syntax(`unexpected end of filter, wanted ${wanted}`, token.offset)
      : this.source.syntax(`unexpected ${shownToken(token)}, wanted ${wanted}`, token.offset);
  }

  /** Reads the tokens of a `\(…)` by themselves. */
  inside<T>(tokens: readonly Token[], read: () => T): T {
    const outer = { tokens: this.#tokens, next: this.#next };
    this.#tokens = tokens;
    this.#next = 0;
    const made = read();
    if (this.peek().kind !== "end") throw this.unexpected("')'");
    this.#tokens = outer.tokens;
    this.#next = outer.next;
    return made;
  }

  node(node: Node): Node {
    if (++this.#nodes > maxNodes) throw ExprError.LIMIT({ language: "jq", what: "nodes", max: maxNodes });
    return node;
  }

  deeper<T>(read: () => T): T {
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: "jq", what: "nested levels", max: maxDepth });
    const made = read();
    this.#depth--;
    return made;
  }
}

function shownToken(token: Token): string {
  switch (token.kind) {
    case "number":
      return String(token.value);
    case "text":
      return "a text";
    case "field":
      return `'.${token.text}'`;
    case "variable":
      return `'$${token.text}'`;
    case "end":
      return "the end";
    default:
      return `'${token.text}'`;
  }
}
