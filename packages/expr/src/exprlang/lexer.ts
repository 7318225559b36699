import { maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";

export type Token =
  | { readonly kind: "literal"; readonly value: number | string | boolean | null; readonly offset: number }
  | { readonly kind: "name"; readonly text: string; readonly offset: number }
  | { readonly kind: "operator"; readonly text: string; readonly offset: number }
  | { readonly kind: "end"; readonly offset: number };

/** The value of a simple tag that stands inside the expression; undefined where it is not known. */
export type ResolveTag = (key: string) => string | undefined;

const patterns = {
  space: /(?:\s+|\/\/[^\n]*|\/\*[^*]*\*+(?:[^/*][^*]*\*+)*\/)+/y,
  tag: /\{\{\s*([A-Za-z_][\w.-]*)\s*\}\}/y,
  number:
    /0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|(?:\d[\d_]*(?:\.(?!\.)\d[\d_]*)?|\.\d[\d_]*)(?:[eE][-+]?\d+)?/y,
  name: /[\p{L}_$@][\p{L}\d_$]*/uy,
  pointer: /#[\p{L}_]*/uy,
  operator: /::|\*\*|==|!=|>=|<=|&&|\|\||\?\?|\?\.|\?:|\.\.|[-+*/%^<>!?:.,;=|()[\]{}]/y,
};

/** Words that are operators wherever they stand. */
const wordOperators = new Set(["and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches"]);

export function tokenize(source: SourceText, tag?: ResolveTag): readonly Token[] {
  return new Lexer(source, tag).all();
}

class Lexer {
  readonly #source: SourceText;
  readonly #tag: ResolveTag | undefined;
  #at = 0;

  constructor(source: SourceText, tag: ResolveTag | undefined) {
    this.#source = source;
    this.#tag = tag;
  }

  all(): readonly Token[] {
    const tokens: Token[] = [];
    for (;;) {
      this.#take(patterns.space);
      const token = this.#one();
      tokens.push(token);
      if (token.kind === "end") return tokens;
      if (tokens.length > maxNodes)
        throw ExprError.LIMIT({ language: this.#source.language, what: "tokens", max: maxNodes });
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
    const offset = this.#at;
    const first = this.#source.text[offset];
    if (first === undefined) return { kind: "end", offset };
    if (first === '"' || first === "'") return { kind: "literal", value: this.#quoted(first), offset };
    if (first === "`") return { kind: "literal", value: this.#raw(), offset };
    const tagged = this.#tagged(offset);
    if (tagged !== undefined) return tagged;
    const number = this.#take(patterns.number)?.[0];
    if (number !== undefined) return this.#number(number, offset);
    const name = this.#take(patterns.name)?.[0];
    if (name !== undefined) return wordToken(name, offset);
    const text = (this.#take(patterns.pointer) ?? this.#take(patterns.operator))?.[0];
    if (text !== undefined) return { kind: "operator", text, offset };
    throw this.#source.syntax(`unrecognized character '${first}'`, offset);
  }

  #tagged(offset: number): Token | undefined {
    if (this.#tag === undefined) return undefined;
    const key = this.#take(patterns.tag)?.[1];
    if (key === undefined) return undefined;
    return { kind: "literal", value: asLiteral(this.#tagValue(key)), offset };
  }

  #tagValue(key: string): string {
    const value = this.#tag?.(key);
    if (value === undefined) throw ExprError.UNRESOLVED({ key });
    return value;
  }

  #number(text: string, offset: number): Token {
    const value = Number(text.replaceAll("_", ""));
    if (Number.isNaN(value)) throw this.#source.syntax(`bad number syntax '${text}'`, offset);
    return { kind: "literal", value, offset };
  }

  #raw(): string {
    const open = this.#at++;
    let value = "";
    for (;;) {
      const end = this.#source.text.indexOf("`", this.#at);
      if (end < 0) throw this.#source.syntax("literal not terminated", open);
      value += this.#source.text.slice(this.#at, end);
      this.#at = end + 1;
      if (this.#source.text[this.#at] !== "`") return value;
      value += "`";
      this.#at++;
    }
  }

  #quoted(quote: string): string {
    const open = this.#at++;
    let value = "";
    for (;;) {
      const character = this.#source.text[this.#at];
      if (character === undefined || character === "\n")
        throw this.#source.syntax("literal not terminated", open);
      const key = this.#tag === undefined ? undefined : this.#take(patterns.tag)?.[1];
      if (key !== undefined) value += this.#tagValue(key);
      else {
        this.#at++;
        if (character === quote) return value;
        value += character === "\\" ? this.#escape(open) : character;
      }
    }
  }

  #escape(open: number): string {
    const found = this.#take(
      /x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|u\{([\da-fA-F]{1,6})\}|([0-7]{3})|([\s\S])/y,
    );
    if (found === undefined) throw this.#source.syntax("literal not terminated", open);
    const hex = found[1] ?? found[2] ?? found[3] ?? found[4];
    const code =
      hex === undefined
        ? found[5] === undefined
          ? undefined
          : Number.parseInt(found[5], 8)
        : Number.parseInt(hex, 16);
    if (code !== undefined && code <= 0x10ffff) return String.fromCodePoint(code);
    const letter = found[6] ?? "";
    const plain = Object.hasOwn(escapes, letter) ? escapes[letter] : undefined;
    if (plain === undefined) throw this.#source.syntax(`invalid escape '\\${letter}'`, this.#at - 1);
    return plain;
  }
}

const escapes: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  "'": "'",
  '"': '"',
  "`": "`",
};

function wordToken(text: string, offset: number): Token {
  if (text === "true" || text === "false") return { kind: "literal", value: text === "true", offset };
  if (text === "nil" || text === "null") return { kind: "literal", value: null, offset };
  return wordOperators.has(text) ? { kind: "operator", text, offset } : { kind: "name", text, offset };
}

/** A substituted value outside quotes is a number or a truth value where it reads as one, else a text: never code. */
function asLiteral(text: string): number | string | boolean {
  if (text === "true" || text === "false") return text === "true";
  return /^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?$/.test(text) ? Number(text) : text;
}
