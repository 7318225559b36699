// kubectl's JSONPath templates: literal text with `{…}` parts, as `kubectl get -o jsonpath=` reads them.
import { Budget } from "../budget.ts";
import { Fault } from "../fault.ts";
import { SourceText } from "../position.ts";
import { goJson } from "../values.ts";
import { queryJsonPath } from "./jsonpath.ts";
import { parseJsonPath } from "./parse.ts";

type Part =
  | { readonly kind: "text"; readonly text: string }
  /** `fromRoot`: begins with `$`, so it starts at the whole value also inside a range. */
  | { readonly kind: "path"; readonly path: string; readonly fromRoot: boolean; readonly offset: number }
  | { readonly kind: "range"; readonly over: Part & { kind: "path" }; readonly body: readonly Part[] };

/** A kubectl JSONPath, ready to be applied any number of times. */
export interface CompiledJsonPath {
  readonly text: string;
  /**
   * What `kubectl get -o jsonpath=` would print of a value: several results of one path with a space between, texts as
   * they are, lists and maps as JSON, nothing for what is not there. Errors: EXPR_EVALUATION, EXPR_LIMIT, EXPR_FORBIDDEN_KEY.
   */
  readonly render: (value: unknown) => string;
}

/**
 * Compiles `{.status.phase}`, `{range .items[*]}{.name}{"\n"}{end}` or a plain path without braces.
 * Errors: EXPR_SYNTAX with the place, EXPR_LIMIT, EXPR_FORBIDDEN_KEY.
 */
export function compileJsonPath(text: string): CompiledJsonPath {
  const source = new SourceText("jsonpath", text, 4_096);
  const parts = text.includes("{") ? new TemplateReader(source).whole() : [pathPart(source, text, 0)];
  return { text, render: (value) => rendered(source, parts, value) };
}

class TemplateReader {
  readonly #source: SourceText;
  #at = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  whole(): readonly Part[] {
    return this.#parts(undefined);
  }

  /** Parts up to the end of the text, or to `{end}` when a range that began at `open` is being read. */
  #parts(open: number | undefined): readonly Part[] {
    const { text } = this.#source;
    const parts: Part[] = [];
    while (this.#at < text.length) {
      const next = text.indexOf("{", this.#at);
      if (next !== this.#at) {
        const literal = text.slice(this.#at, next < 0 ? text.length : next);
        parts.push({ kind: "text", text: literal });
        this.#at += literal.length;
        continue;
      }
      const inside = this.#braced();
      const word = inside.text.trim();
      if (word === "end") {
        if (open === undefined) throw this.#source.syntax("this '{end}' ends no range", inside.offset);
        return parts;
      }
      parts.push(this.#part(word, inside));
    }
    if (open !== undefined) throw this.#source.syntax("this range has no '{end}'", open);
    return parts;
  }

  #part(word: string, inside: { readonly text: string; readonly offset: number }): Part {
    const offset = inside.offset + (inside.text.length - inside.text.trimStart().length);
    const quoted = /^(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')$/.test(word);
    if (quoted) return { kind: "text", text: unquoted(word) };
    const range = /^range\s+/.exec(word);
    if (range === null) return pathPart(this.#source, word, offset);
    const over = pathPart(this.#source, word.slice(range[0].length), offset + range[0].length);
    return { kind: "range", over, body: this.#parts(offset) };
  }

  /** What stands between this `{` and its `}`; braces in quotes do not count. */
  #braced(): { readonly text: string; readonly offset: number } {
    const { text } = this.#source;
    const open = this.#at;
    const end = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\}/g;
    end.lastIndex = open + 1;
    for (let found = end.exec(text); found !== null; found = end.exec(text)) {
      if (found[0] !== "}") continue;
      this.#at = found.index + 1;
      return { text: text.slice(open + 1, found.index), offset: open + 1 };
    }
    throw this.#source.syntax("this '{' is never closed", open);
  }
}

function pathPart(source: SourceText, word: string, offset: number): Part & { kind: "path" } {
  const path = word.trim();
  if (path === "") throw source.syntax("a path is wanted, as in {.status.phase}", offset);
  const fromRoot = path.startsWith("$");
  const rest = /^[$@]/.test(path) ? path.slice(1) : path;
  const normal = rest === "" ? "$" : rest;
  parseJsonPath(normal);
  return { kind: "path", path: normal, fromRoot, offset };
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };
const unquoted = (word: string): string =>
  word.slice(1, -1).replace(/\\([\s\S])/g, (_, letter: string) => escapes[letter] ?? letter);

function rendered(source: SourceText, parts: readonly Part[], root: unknown): string {
  const budget = new Budget("jsonpath", { maxSteps: 1_000_000 });
  let length = 0;
  const made: string[] = [];
  const add = (text: string): void => {
    length += text.length;
    budget.text(length);
    made.push(text);
  };
  const walk = (list: readonly Part[], here: unknown): void => {
    for (const part of list) {
      budget.spend();
      if (part.kind === "text") add(part.text);
      else if (part.kind === "path") add(textOf(found(part, root, here, budget), budget));
      else for (const item of found(part.over, root, here, budget)) walk(part.body, item);
    }
  };
  try {
    walk(parts, root);
  } catch (error) {
    if (error instanceof Fault) throw source.evaluation(error.message, 0);
    throw error;
  }
  return made.join("");
}

function found(
  part: Part & { kind: "path" },
  root: unknown,
  here: unknown,
  budget: Budget,
): readonly unknown[] {
  const start = part.fromRoot ? root : here;
  if (part.path === "$") return [start];
  const result = queryJsonPath(start, part.path, budget);
  if (!parseJsonPath(part.path).definite) return result as readonly unknown[];
  return result === null || result === undefined ? [] : [result];
}

const textOf = (values: readonly unknown[], budget: Budget): string =>
  values
    .map((value) => (typeof value === "string" ? value : value === null ? "" : goJson(value, budget)))
    .join(" ");
