import { isForbiddenKey } from "@sluice/base";
import { maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { type CompiledExpr, compileExpr } from "../exprlang/compile.ts";
import { SourceText } from "../position.ts";

/** One part of a path in the walker's own spelling, made here alone: no text of a path reaches it as it came. */
interface Segment {
  readonly deep: boolean;
  readonly token: string;
  readonly definite: boolean;
}

export interface ParsedJsonPath {
  /** What jsonpath-plus walks: `..`, `*`, `'key','key'`, `1:2:1`, and `?(n)` or `(n)` for `scripts[n]`. */
  readonly tokens: readonly string[];
  readonly scripts: readonly CompiledExpr[];
  /** Whether the path can lead to at most one value, which then is the result itself. */
  readonly definite: boolean;
}

/**
 * Parses `$.a['b'][0][1:2][*]..c[?(@.x > 1)][(len(@) - 1)]`, and kubectl's `{.a.b}`. Filters and scripts are expr-lang.
 * Errors: EXPR_SYNTAX with the place, EXPR_FORBIDDEN_KEY, EXPR_LIMIT.
 */
export function parseJsonPath(text: string): ParsedJsonPath {
  const source = new SourceText("jsonpath", text, 4_096);
  const braced = /^\s*\{([\s\S]*)\}\s*$/.exec(text);
  const inner = (braced?.[1] ?? text).trim();
  const reader = new Reader(source, inner, text.indexOf(inner));
  const segments = reader.segments();
  return {
    tokens: segments.flatMap(({ deep, token }) => (deep ? ["..", token] : [token])),
    scripts: reader.scripts,
    definite: segments.every(({ deep, definite }) => definite && !deep),
  };
}

class Reader {
  readonly scripts: CompiledExpr[] = [];
  readonly #source: SourceText;
  readonly #text: string;
  readonly #start: number;
  #at = 0;

  constructor(source: SourceText, text: string, start: number) {
    this.#source = source;
    this.#text = text;
    this.#start = start;
  }

  segments(): readonly Segment[] {
    const made: Segment[] = [];
    if (this.#text[0] === "$") this.#at = 1;
    else if (!/^[.[]/.test(this.#text)) made.push(this.#named(false));
    while (this.#at < this.#text.length) {
      made.push(this.#segment());
      if (made.length > maxDepth)
        throw ExprError.LIMIT({ language: "jsonpath", what: "parts of a path", max: maxDepth });
    }
    return made;
  }

  #segment(): Segment {
    const deep = this.#text.startsWith("..", this.#at);
    if (deep) this.#at += 2;
    else if (this.#text[this.#at] === ".") this.#at++;
    else if (this.#text[this.#at] !== "[") throw this.#refuse("wanted '.' or '['");
    return this.#text[this.#at] === "[" ? this.#bracket(deep) : this.#named(deep);
  }

  #named(deep: boolean): Segment {
    if (this.#text[this.#at] === "*") {
      this.#at++;
      return { token: "*", deep, definite: false };
    }
    const pattern = /(?:\\.|[^.[\]\\\s])+/y;
    pattern.lastIndex = this.#at;
    const name = pattern.exec(this.#text)?.[0];
    if (name === undefined) throw this.#refuse("a name is wanted");
    this.#at += name.length;
    return { ...keysToken([name.replace(/\\(.)/g, "$1")]), deep };
  }

  #bracket(deep: boolean): Segment {
    const open = this.#at;
    const end = this.#closing(open);
    const inside = this.#text.slice(open + 1, end).trim();
    this.#at = end + 1;
    if (inside === "*") return { token: "*", deep, definite: false };
    if (inside.startsWith("?")) {
      const body = /^\?\s*\(([\s\S]*)\)$/.exec(inside)?.[1] ?? inside.slice(1);
      return { token: `?(${this.#script(body, open)})`, deep, definite: false };
    }
    if (inside.startsWith("(") && inside.endsWith(")")) {
      const body = inside.slice(1, -1).replace(/^\s*@\.length\b/, "len(@)");
      return { token: `(${this.#script(body, open)})`, deep, definite: true };
    }
    const slice = /^(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(\d+))?$/.exec(inside);
    if (slice !== null) return this.#slice(slice, deep);
    return { ...keysToken(this.#keys(inside, open)), deep };
  }

  #slice(found: RegExpExecArray, deep: boolean): Segment {
    if (Number(found[3] ?? 1) === 0) throw this.#refuse("a step of 0 never ends");
    return { token: `${found[1] ?? ""}:${found[2] ?? ""}:${found[3] ?? "1"}`, deep, definite: false };
  }

  /** Compiles a filter or script; the walker gets its number alone. */
  #script(body: string, open: number): number {
    try {
      this.scripts.push(compileExpr(asExprLang(body)));
      return this.scripts.length - 1;
    } catch (cause) {
      throw this.#source.syntax(
        `the filter cannot be read: ${cause instanceof Error ? cause.message : ""}`,
        this.#start + open,
      );
    }
  }

  #keys(inside: string, open: number): readonly (string | number)[] {
    const keys: (string | number)[] = [];
    const item = /\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)"|(-?\d+)|([\w-]+))\s*(?:,|$)/y;
    while (item.lastIndex < inside.length) {
      const found = item.exec(inside);
      if (found === null)
        throw this.#source.syntax("a name in quotes or an index is wanted", this.#start + open + 1);
      const quoted = found[1] ?? found[2];
      keys.push(
        found[3] === undefined ? (quoted?.replace(/\\(.)/g, "$1") ?? found[4] ?? "") : Number(found[3]),
      );
    }
    if (keys.length === 0) throw this.#source.syntax("the brackets are empty", this.#start + open);
    return keys;
  }

  #closing(open: number): number {
    let depth = 0;
    for (let at = open; at < this.#text.length; at++) {
      const character = this.#text[at] ?? "";
      if (character === "'" || character === '"') {
        at = quoteEnd(this.#text, at, character);
      } else if (character === "[") depth++;
      else if (character === "]" && --depth === 0) return at;
    }
    throw this.#source.syntax("this '[' is never closed", this.#start + open);
  }

  #refuse(reason: string): Error {
    return this.#source.syntax(reason, this.#start + this.#at);
  }
}

/** Keys and indexes as quoted members, which the walker takes literally; an index from the end as a slice. */
export function keysToken(keys: readonly (string | number)[]): Omit<Segment, "deep"> {
  const [only] = keys;
  if (keys.length === 1 && typeof only === "number" && only < 0)
    return { token: only === -1 ? "-1::1" : `${only}:${only + 1}:1`, definite: true };
  for (const key of keys)
    if (isForbiddenKey(String(key))) throw ExprError.FORBIDDEN_KEY({ key: String(key) });
  const token = keys.map((key) => `'${String(key).replace(/[\\'"]/g, "\\$&")}'`).join(",");
  return { token, definite: keys.length === 1 };
}

/** JavaScript's equalities and the words of JSONPath as expr-lang has them; texts in quotes stay as they are. */
const asExprLang = (body: string): string =>
  body.replace(/"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|===|!==/g, (found) =>
    found === "===" ? "==" : found === "!==" ? "!=" : found,
  );

/** Where a quoted text ends; the end of all where it does not. */
function quoteEnd(text: string, open: number, quote: string): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === quote) return at;
  }
  return text.length;
}
