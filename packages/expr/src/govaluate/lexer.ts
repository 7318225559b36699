import { maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";

export type Token =
  | { readonly kind: "number"; readonly value: number; readonly offset: number; readonly text: string }
  | { readonly kind: "string"; readonly value: string; readonly offset: number; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean; readonly offset: number; readonly text: string }
  | { readonly kind: "name"; readonly name: string; readonly offset: number; readonly text: string }
  | { readonly kind: "tagged"; readonly operand: Tagged; readonly offset: number; readonly text: string }
  | { readonly kind: "operator"; readonly offset: number; readonly text: string };

/** An operand with tags in it: its text in pieces, a number being the index of a tag. */
export interface Tagged {
  readonly pieces: readonly (string | number)[];
  /** Outside quotes: the value is typed as its text alone would be. */
  readonly bare: boolean;
}

/** Where a tag stands in the text; its value is one operand or a part of one, never syntax. */
export interface TagSpan {
  readonly start: number;
  /** After the closing braces. */
  readonly end: number;
}

const operators = /\*\*|==|!=|>=|<=|=~|!~|&&|\|\||\?\?|<<|>>|[-+*/%&|^<>!~?:(),]/y;
const space = /\s+/y;
const number = /0[xX][0-9a-fA-F]+|\.?\d[\d.]*/y;
const bareRun = /[\p{L}\d_.]+/uy;
const word = /[\p{L}_][\p{L}\d_]*(?:\.[\p{L}_][\p{L}\d_]*)*/uy;

/** Splits govaluate's text into tokens. Errors: EXPR_SYNTAX with "Invalid token" where no token starts. */
export function tokenize(source: SourceText, tags: readonly TagSpan[] = []): readonly Token[] {
  return new Lexer(source, tags).all();
}

class Lexer {
  readonly #source: SourceText;
  readonly #tags: ReadonlyMap<number, { readonly end: number; readonly index: number }>;
  #at = 0;

  constructor(source: SourceText, tags: readonly TagSpan[]) {
    this.#source = source;
    this.#tags = new Map(tags.map(({ start, end }, index) => [start, { end, index }]));
  }

  all(): readonly Token[] {
    const tokens: Token[] = [];
    for (;;) {
      this.#take(space);
      if (this.#at >= this.#source.text.length) return tokens;
      tokens.push(this.#one(this.#at));
      if (tokens.length > maxNodes)
        throw ExprError.LIMIT({ language: this.#source.language, what: "tokens", max: maxNodes });
    }
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #one(offset: number): Token {
    const first = this.#source.text[offset] ?? "";
    if (first === '"' || first === "'") return this.#enclosed(first, "Unclosed string literal");
    if (first === "[") return this.#enclosed("]", "Unclosed parameter bracket");
    const tagged = this.#taggedRun();
    if (tagged !== undefined) return { kind: "tagged", operand: tagged, offset, text: this.#since(offset) };
    const digits = this.#take(number);
    if (digits !== undefined) return readNumber(this.#source, digits, offset);
    const name = this.#take(word);
    if (name !== undefined) return readWord(name, offset);
    const operator = this.#take(operators);
    if (operator !== undefined) return { kind: "operator", offset, text: operator };
    throw this.#source.syntax(`Invalid token: '${first}'`, offset);
  }

  #since(offset: number): string {
    return this.#source.text.slice(offset, this.#at);
  }

  /** Tags and what is glued to them by letters, digits, `_` and `.`; nothing where no tag is among them. */
  #taggedRun(): Tagged | undefined {
    const start = this.#at;
    const pieces: (string | number)[] = [];
    for (;;) {
      const piece = this.#tag() ?? this.#take(bareRun);
      if (piece === undefined) break;
      pieces.push(piece);
      if (pieces.length === 1 && typeof piece === "string" && !this.#tags.has(this.#at)) break;
    }
    if (pieces.some((piece) => typeof piece === "number")) return { pieces, bare: true };
    this.#at = start;
    return undefined;
  }

  #tag(): number | undefined {
    const tag = this.#tags.get(this.#at);
    if (tag !== undefined) this.#at = tag.end;
    return tag?.index;
  }

  /** Reads from the character after the opening one to `close`; a backslash takes the next character as it is. */
  #enclosed(close: string, unclosed: string): Token {
    const offset = this.#at++;
    const pieces: (string | number)[] = [];
    let value = "";
    for (;;) {
      const tag = this.#tag();
      if (tag !== undefined) {
        pieces.push(value, tag);
        value = "";
        continue;
      }
      const character = this.#source.text[this.#at++];
      if (character === undefined) throw this.#source.syntax(unclosed, offset);
      if (character === close) break;
      const escaped = character === "\\" && !this.#tags.has(this.#at);
      value += escaped ? (this.#source.text[this.#at++] ?? character) : character;
    }
    const text = this.#since(offset);
    if (pieces.length > 0)
      return { kind: "tagged", operand: { pieces: [...pieces, value], bare: false }, offset, text };
    return close === "]"
      ? { kind: "name", name: value, offset, text }
      : { kind: "string", value, offset, text };
  }
}

function readNumber(source: SourceText, text: string, offset: number): Token {
  const value = Number(text);
  if (Number.isNaN(value)) throw source.syntax(`Unable to parse numeric value '${text}' to float64`, offset);
  return { kind: "number", value, offset, text };
}

function readWord(text: string, offset: number): Token {
  if (text === "true" || text === "false") return { kind: "boolean", value: text === "true", offset, text };
  if (text === "in" || text === "IN") return { kind: "operator", offset, text: "in" };
  return { kind: "name", name: text, offset, text };
}
