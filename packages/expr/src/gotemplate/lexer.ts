import type { SourceText } from "../position.ts";

/** A template text in pieces: literal text, or the inside of one action. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "action"; readonly tokens: readonly Token[]; readonly offset: number };

export type Token =
  | { readonly kind: "literal"; readonly value: string | number | boolean | null; readonly offset: number }
  /** `.a.b`, `$`, `$x`; `.` alone has no names. */
  | {
      readonly kind: "field";
      readonly root: string;
      readonly names: readonly string[];
      readonly offset: number;
    }
  | { readonly kind: "word"; readonly text: string; readonly offset: number }
  | { readonly kind: "mark"; readonly text: string; readonly offset: number };

const pattern =
  /\s*(?:("(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\])')|([-+]?(?:0[xX][\da-fA-F_]+|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))(?![\w.])|(\$?\w*(?:\.[\p{L}_][\p{L}\d_]*)+|\$\w*|\.)|([\p{L}_][\p{L}\d_]*)|(:=|[|(),=]))/uy;

/** Cuts a template into pieces, trim markers applied and comments dropped. Errors: EXPR_SYNTAX. */
export function cutTemplate(source: SourceText): readonly Piece[] {
  const { text } = source;
  const pieces: Piece[] = [];
  let at = 0;
  let trim = false;
  while (at < text.length) {
    const open = text.indexOf("{{", at);
    const literal = text.slice(at, open < 0 ? text.length : open);
    const trimsBefore = open >= 0 && /^\{\{-\s/.test(text.slice(open, open + 4));
    const started = trim ? literal.trimStart() : literal;
    const kept = trimsBefore ? started.trimEnd() : started;
    if (kept !== "") pieces.push({ kind: "text", text: kept });
    if (open < 0) return pieces;
    const start = open + (trimsBefore ? 3 : 2);
    const action = readAction(source, start, open);
    if (action.tokens !== undefined) pieces.push({ kind: "action", tokens: action.tokens, offset: open });
    at = action.end;
    trim = action.trimsAfter;
  }
  return pieces;
}

interface Action {
  /** Undefined for a comment. */
  readonly tokens: readonly Token[] | undefined;
  readonly end: number;
  readonly trimsAfter: boolean;
}

const ending = /\s*(?:(\s-)?\}\})/y;

function readAction(source: SourceText, start: number, open: number): Action {
  const comment = /\s*\/\*[\s\S]*?\*\/(\s+-)?\s*\}\}/y;
  comment.lastIndex = start;
  const commented = comment.exec(source.text);
  if (commented !== null)
    return { tokens: undefined, end: comment.lastIndex, trimsAfter: commented[1] !== undefined };
  const tokens: Token[] = [];
  for (let at = start; ; ) {
    ending.lastIndex = at;
    const ended = ending.exec(source.text);
    if (ended !== null) return { tokens, end: ending.lastIndex, trimsAfter: ended[1] !== undefined };
    pattern.lastIndex = at;
    const found = pattern.exec(source.text);
    if (found === null) {
      if (source.text.indexOf("}}", at) < 0) throw source.syntax("this action is never closed", open);
      const came = source.text.slice(at).trimStart()[0] ?? "";
      throw source.syntax(`unexpected '${came}' in an action`, at + source.text.slice(at).search(/\S/));
    }
    const raw = found.slice(1).find((group) => group !== undefined) ?? "";
    tokens.push(readToken(source, found, pattern.lastIndex - raw.length));
    at = pattern.lastIndex;
  }
}

function readToken(source: SourceText, found: RegExpExecArray, offset: number): Token {
  const [, quoted, number, field, word, mark] = found;
  if (quoted !== undefined) return { kind: "literal", value: unquote(source, quoted, offset), offset };
  if (number !== undefined) return { kind: "literal", value: Number(number.replaceAll("_", "")), offset };
  if (field !== undefined) {
    const [root = "", ...names] = field === "." ? [""] : field.split(".");
    return { kind: "field", root, names, offset };
  }
  if (word === "true" || word === "false") return { kind: "literal", value: word === "true", offset };
  if (word === "nil") return { kind: "literal", value: null, offset };
  return word === undefined
    ? { kind: "mark", text: mark ?? "", offset }
    : { kind: "word", text: word, offset };
}

function unquote(source: SourceText, quoted: string, offset: number): string | number {
  const inside = quoted.slice(1, -1);
  if (quoted.startsWith("`")) return inside;
  try {
    const body = quoted.startsWith("'") ? inside.replaceAll('"', '\\"').replace("\\'", "'") : inside;
    const text = JSON.parse(
      `"${body
        .replace(/\\x([\da-fA-F]{2})/g, "\\u00$1")
        .replace(/\\a/g, "\\u0007")
        .replaceAll("\t", "\\t")}"`,
    ) as string;
    return quoted.startsWith("'") ? (text.codePointAt(0) ?? 0) : text;
  } catch {
    throw source.syntax(`the text ${quoted.slice(0, 40)} has an escape that is not known`, offset);
  }
}
