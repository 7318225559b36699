import { maxNodes } from "../../budget.ts";
import { ExprError } from "../../errors.ts";
import type { SourceText } from "../../position.ts";

export type Token = { readonly offset: number } & (
  | { readonly kind: "number"; readonly value: number }
  /** Pieces of text, and the tokens of what stands in `\(…)`. */
  | { readonly kind: "text"; readonly parts: readonly (string | readonly Token[])[] }
  | { readonly kind: "format"; readonly text: string }
  | { readonly kind: "variable"; readonly text: string }
  /** `.name`, as one token: no space may stand between. */
  | { readonly kind: "field"; readonly text: string }
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "operator"; readonly text: string }
  | { readonly kind: "end" }
);

const patterns = {
  space: /(?:\s+|#[^\n]*)+/y,
  number: /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?/y,
  field: /\.([A-Za-z_]\w*)/y,
  variable: /\$(?:__loc__|(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*)/y,
  word: /(?:[A-Za-z_]\w*::)*[A-Za-z_]\w*/y,
  format: /@[A-Za-z0-9_]+/y,
  operator: /\?\/\/(?!=)|\/\/=|\|=|\+=|-=|\*=|\/=|%=|==|!=|<=|>=|\/\/|\.\.|[.[\](){}|,:;=<>+\-*/%?$]/y,
  plain: /[^"\\]+/y,
};

/** Deepest nesting of texts within texts. */
const maxTextDepth = 20;

export function tokenize(source: SourceText): readonly Token[] {
  return new Lexer(source).all();
}

class Lexer {
  readonly #source: SourceText;
  #at = 0;
  #count = 0;
  #depth = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  all(): readonly Token[] {
    const tokens: Token[] = [];
    for (;;) {
      const token = this.#one();
      tokens.push(token);
      if (token.kind === "end") return tokens;
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source.text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found;
  }

  #one(): Token {
    this.#take(patterns.space);
    if (++this.#count > maxNodes) throw ExprError.LIMIT({ language: "jq", what: "tokens", max: maxNodes });
    const offset = this.#at;
    const first = this.#source.text[offset];
    if (first === undefined) return { kind: "end", offset };
    if (first === '"') return { kind: "text", parts: this.#text(), offset };
    const field = this.#take(patterns.field)?.[1];
    if (field !== undefined) return { kind: "field", text: field, offset };
    const number = this.#take(patterns.number)?.[0];
    if (number !== undefined) return { kind: "number", value: Number(number), offset };
    const variable = this.#take(patterns.variable)?.[0];
    if (variable !== undefined) return { kind: "variable", text: variable.slice(1), offset };
    const word = this.#take(patterns.word)?.[0];
    if (word !== undefined) return { kind: "word", text: word, offset };
    const format = this.#take(patterns.format)?.[0];
    if (format !== undefined) return { kind: "format", text: format, offset };
    const operator = this.#take(patterns.operator)?.[0];
    if (operator !== undefined) return { kind: "operator", text: operator, offset };
    throw this.#source.syntax(`unexpected character '${first}'`, offset);
  }

  #text(): readonly (string | readonly Token[])[] {
    const open = this.#at++;
    const parts: (string | readonly Token[])[] = [];
    let piece = "";
    for (;;) {
      piece += this.#take(patterns.plain)?.[0] ?? "";
      const next = this.#source.text[this.#at];
      if (next === undefined) throw this.#source.syntax("this text is never closed", open);
      this.#at++;
      if (next === '"') {
        if (piece !== "" || parts.length === 0) parts.push(piece);
        return parts;
      }
      if (this.#source.text[this.#at] === "(") {
        if (piece !== "") parts.push(piece);
        piece = "";
        parts.push(this.#inside(open));
      } else piece += this.#escape();
    }
  }

  /** The tokens between the brackets of `\(…)`, ended by an `end` token. */
  #inside(open: number): readonly Token[] {
    if (++this.#depth > maxTextDepth)
      throw ExprError.LIMIT({ language: "jq", what: "texts within texts", max: maxTextDepth });
    this.#at++;
    const tokens: Token[] = [];
    for (let depth = 0; ; ) {
      const token = this.#one();
      if (token.kind === "end") throw this.#source.syntax("this text is never closed", open);
      if (token.kind === "operator" && token.text === "(") depth++;
      if (token.kind === "operator" && token.text === ")" && depth-- === 0) {
        this.#depth--;
        return [...tokens, { kind: "end", offset: token.offset }];
      }
      tokens.push(token);
    }
  }

  #escape(): string {
    const offset = this.#at - 1;
    const unit = this.#take(/u([\da-fA-F]{4})/y)?.[1];
    if (unit !== undefined) return String.fromCharCode(Number.parseInt(unit, 16));
    const letter = this.#source.text[this.#at++] ?? "";
    const plain = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (plain === undefined) throw this.#source.syntax(`invalid escape '\\${letter}'`, offset);
    return plain;
  }
}

const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
