import { maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { type CompiledExpr, compileExpr } from "../exprlang/compile.ts";
import { SourceText } from "../position.ts";

export type Segment = { readonly deep: boolean } & (
  | { readonly kind: "keys"; readonly keys: readonly (string | number)[] }
  | { readonly kind: "all" }
  | {
      readonly kind: "slice";
      readonly from: number | undefined;
      readonly to: number | undefined;
      readonly step: number;
    }
  | { readonly kind: "filter"; readonly test: CompiledExpr }
);

export interface ParsedJsonPath {
  readonly segments: readonly Segment[];
  /** Whether the path can lead to at most one value, which then is the result itself. */
  readonly definite: boolean;
}

/** Parses `$.a['b'][0][1:2][*]..c[?(@.x > 1)]`, and kubectl's `{.a.b}`. Errors: EXPR_SYNTAX with the place, EXPR_LIMIT. */
export function parseJsonPath(text: string): ParsedJsonPath {
  const source = new SourceText("jsonpath", text, 4_096);
  const braced = /^\s*\{([\s\S]*)\}\s*$/.exec(text);
  const inner = (braced?.[1] ?? text).trim();
  const start = text.indexOf(inner);
  const segments = new Reader(source, inner, start).segments();
  const definite = segments.every(
    (segment) => !segment.deep && segment.kind === "keys" && segment.keys.length === 1,
  );
  return { segments, definite };
}

class Reader {
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
      return { kind: "all", deep };
    }
    const pattern = /(?:\\.|[^.[\]\\\s])+/y;
    pattern.lastIndex = this.#at;
    const name = pattern.exec(this.#text)?.[0];
    if (name === undefined) throw this.#refuse("a name is wanted");
    this.#at += name.length;
    return { kind: "keys", keys: [name.replace(/\\(.)/g, "$1")], deep };
  }

  #bracket(deep: boolean): Segment {
    const open = this.#at;
    const end = this.#closing(open);
    const inside = this.#text.slice(open + 1, end).trim();
    this.#at = end + 1;
    if (inside === "*") return { kind: "all", deep };
    if (inside.startsWith("?")) return { kind: "filter", test: this.#filter(inside, open), deep };
    const slice = /^(-?\d+)?\s*:\s*(-?\d+)?(?:\s*:\s*(\d+))?$/.exec(inside);
    if (slice !== null) return this.#slice(slice, deep);
    return { kind: "keys", keys: this.#keys(inside, open), deep };
  }

  #slice(found: RegExpExecArray, deep: boolean): Segment {
    const read = (text: string | undefined): number | undefined =>
      text === undefined ? undefined : Number(text);
    const step = read(found[3]) ?? 1;
    if (step === 0) throw this.#refuse("a step of 0 never ends");
    return { kind: "slice", from: read(found[1]), to: read(found[2]), step, deep };
  }

  #filter(inside: string, open: number): CompiledExpr {
    const body = /^\?\s*\(([\s\S]*)\)$/.exec(inside)?.[1] ?? inside.slice(1);
    try {
      return compileExpr(body.replaceAll("===", "==").replaceAll("!==", "!="));
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
        const end = this.#text.indexOf(character, at + 1);
        if (end < 0) break;
        at = end;
      } else if (character === "[") depth++;
      else if (character === "]" && --depth === 0) return at;
    }
    throw this.#source.syntax("this '[' is never closed", this.#start + open);
  }

  #refuse(reason: string): Error {
    return this.#source.syntax(reason, this.#start + this.#at);
  }
}
