import { isForbiddenKey, type Json, type JsonObject } from "@sluice/base";
import { Budget, maxDepth } from "../budget.ts";
import { ExprError } from "../errors.ts";
import { applyModifier } from "./modifiers.ts";
import { getMultipath } from "./multipath.ts";
import { closingBracket, matchWildcard, readPart, splitPipe } from "./path.ts";
import { parseQuery, queryMatches } from "./query.ts";
import { type GjsonResult, maxValueDepth, missing, resultOf } from "./result.ts";
import type { Walk } from "./walk.ts";

/** Longest path that is followed, in characters. */
export const maxPathLength = 4_096;

/**
 * Follows a gjson path in a parsed JSON value: keys, indexes, `*`/`?`, `#`, queries, modifiers, pipes, multipaths.
 * A path that leads nowhere is no error: `exists` is false. Errors: EXPR_LIMIT, EXPR_PATH for brackets without end.
 */
export function getPath(value: Json, path: string): GjsonResult {
  if (path.length > maxPathLength)
    throw ExprError.LIMIT({ language: "gjson", what: "characters of path", max: maxPathLength });
  return new PathWalk(path).get(value, path);
}

class PathWalk implements Walk {
  // Payloads come in megabytes and a query looks at each element: more steps than an expression gets.
  readonly budget = new Budget("gjson", { maxSteps: 5_000_000 });
  readonly path: string;
  #depth = 0;

  constructor(path: string) {
    this.path = path;
  }

  get(value: Json, path: string): GjsonResult {
    this.budget.spend();
    if (++this.#depth > maxDepth)
      throw ExprError.LIMIT({ language: "gjson", what: "nested path parts", max: maxDepth });
    const result = this.#step(value, path);
    this.#depth--;
    return result;
  }

  #step(value: Json, path: string): GjsonResult {
    if (path === "") return missing;
    if (path.startsWith("@")) return applyModifier(this, value, path);
    if (path.startsWith("!")) return this.#literal(path);
    if (path.startsWith("{") || path.startsWith("[")) return getMultipath(this, value, path);
    if (Array.isArray(value)) return this.#inArray(value, path);
    if (typeof value === "object" && value !== null) return this.#inObject(value as JsonObject, path);
    return missing;
  }

  onward(found: Json | undefined, rest: string | undefined): GjsonResult {
    if (found === undefined) return missing;
    return rest === undefined ? resultOf(found) : this.get(found, rest);
  }

  weigh(made: Json, depth = 0): void {
    this.level(depth);
    if (typeof made === "object" && made !== null)
      for (const inner of Object.values(made)) this.weigh(inner as Json, depth + 1);
  }

  level(depth: number): void {
    this.budget.spend();
    if (depth > maxValueDepth)
      throw ExprError.LIMIT({ language: "gjson", what: "nested levels of a value", max: maxValueDepth });
  }

  #literal(path: string): GjsonResult {
    const [text, rest] = splitPipe(path.slice(1));
    const at = rest === undefined ? literalEnd(text) : text.length;
    try {
      const literal = JSON.parse(text.slice(0, at)) as Json;
      return this.onward(literal, rest ?? (at < text.length ? text.slice(at + 1) : undefined));
    } catch {
      return missing;
    }
  }

  #inObject(value: JsonObject, path: string): GjsonResult {
    const part = readPart(path);
    const rest = part.separator === "" ? undefined : part.rest;
    if (part.pattern === undefined) return this.onward(ownValue(value, part.key), rest);
    for (const [key, inner] of Object.entries(value)) {
      this.budget.spend(1 + Math.floor(key.length / 64));
      if (matchWildcard(key, part.pattern)) return this.onward(inner, rest);
    }
    return missing;
  }

  #inArray(value: readonly Json[], path: string): GjsonResult {
    if (path.startsWith("#(") || path.startsWith("#[")) return this.#query(value, path);
    if (path === "#") return resultOf(value.length);
    if (path.startsWith("#|")) return this.get(value.length, path.slice(2));
    if (path.startsWith("#.")) return this.#each(value, path.slice(2));
    const part = readPart(path);
    if (!/^\d+$/.test(part.key)) return missing;
    return this.onward(value[Number(part.key)], part.separator === "" ? undefined : part.rest);
  }

  #query(value: readonly Json[], path: string): GjsonResult {
    const end = closingBracket(path, 1);
    if (end < 0)
      throw ExprError.PATH({
        path: this.path,
        reason: "a '#(' is never closed",
        line: 1,
        column: this.path.indexOf(path) + 1,
        offset: Math.max(0, this.path.indexOf(path)),
      });
    const query = parseQuery(path.slice(2, end));
    const all = path[end + 1] === "#";
    const after = path.slice(end + (all ? 2 : 1));
    const holds = (element: Json): boolean =>
      queryMatches(query, query.path === "" ? resultOf(element) : this.get(element, query.path));
    if (!all) return this.onward(value.find(holds), after === "" ? undefined : after.slice(1));
    const matches = value.filter(holds);
    if (after.startsWith(".")) return this.#each(matches, after.slice(1));
    return this.onward(matches, after === "" ? undefined : after.slice(1));
  }

  /** Applies the path up to the next pipe to each element and gathers what exists. */
  #each(elements: readonly Json[], path: string): GjsonResult {
    const [inner, piped] = splitPipe(path);
    const found: Json[] = [];
    for (const element of elements) {
      const { value } = this.get(element, inner);
      if (value !== undefined) found.push(value);
    }
    return this.onward(found, piped);
  }
}

const literalEnd = (text: string): number => {
  if (text.startsWith('"')) return (/^"(?:[^"\\]|\\.)*"/.exec(text)?.[0] ?? text).length;
  if (text.startsWith("{") || text.startsWith("[")) return closingBracket(text, 0) + 1;
  return (/^-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?|^\w+/.exec(text)?.[0] ?? text).length;
};

export const ownValue = (value: JsonObject, key: string): Json | undefined =>
  !isForbiddenKey(key) && Object.hasOwn(value, key) ? value[key] : undefined;
