import { maxNodes } from "../budget.ts";
import { ExprError } from "../errors.ts";
import type { SourceText } from "../position.ts";

export type Token =
  | { readonly kind: "number"; readonly value: number; readonly offset: number; readonly text: string }
  | { readonly kind: "string"; readonly value: string; readonly offset: number; readonly text: string }
  | { readonly kind: "boolean"; readonly value: boolean; readonly offset: number; readonly text: string }
  | { readonly kind: "name"; readonly name: string; readonly offset: number; readonly text: string }
  | { readonly kind: "operator"; readonly offset: number; readonly text: string };

const operators = /\*\*|==|!=|>=|<=|=~|!~|&&|\|\||\?\?|<<|>>|[-+*/%&|^<>!~?:(),]/y;
const space = /\s+/y;
const number = /0[xX][0-9a-fA-F]+|\d[\d.]*/y;
const word = /[\p{L}_][\p{L}\d_]*(?:\.[\p{L}_][\p{L}\d_]*)*/uy;

/** Splits govaluate's text into tokens. Errors: EXPR_SYNTAX with "Invalid token" where no token starts. */
export function tokenize(source: SourceText): readonly Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(source.text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  for (;;) {
    take(space);
    if (at >= source.text.length) return tokens;
    const token = readToken(source, at, take);
    at = token.offset + token.text.length;
    tokens.push(token);
    if (tokens.length > maxNodes)
      throw ExprError.LIMIT({ language: source.language, what: "tokens", max: maxNodes });
  }
}

function readToken(source: SourceText, offset: number, take: (pattern: RegExp) => string | undefined): Token {
  const first = source.text[offset] ?? "";
  if (first === '"' || first === "'") return readQuoted(source, offset, first);
  if (first === "[") return readBracketed(source, offset);
  const digits = take(number);
  if (digits !== undefined) return readNumber(source, digits, offset);
  const name = take(word);
  if (name !== undefined) return readWord(name, offset);
  const operator = take(operators);
  if (operator !== undefined) return { kind: "operator", offset, text: operator };
  throw source.syntax(`Invalid token: '${first}'`, offset);
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

function readQuoted(source: SourceText, offset: number, quote: string): Token {
  const [value, end] = readUntil(source, offset, quote, "Unclosed string literal");
  return { kind: "string", value, offset, text: source.text.slice(offset, end) };
}

function readBracketed(source: SourceText, offset: number): Token {
  const [name, end] = readUntil(source, offset, "]", "Unclosed parameter bracket");
  return { kind: "name", name, offset, text: source.text.slice(offset, end) };
}

/** Reads from the character after `offset` to `close`; a backslash takes the next character as it is. */
function readUntil(source: SourceText, offset: number, close: string, unclosed: string): [string, number] {
  let value = "";
  for (let at = offset + 1; at < source.text.length; at++) {
    const character = source.text[at] ?? "";
    if (character === close) return [value, at + 1];
    if (character === "\\" && at + 1 < source.text.length) value += source.text[++at];
    else value += character;
  }
  throw source.syntax(unclosed, offset);
}
