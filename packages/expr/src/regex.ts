import { RE2JS } from "re2js";
import { ExprError } from "./errors.ts";
import { clip, positionAt } from "./position.ts";

/** A Go (RE2) regular expression; matching is linear in the input. */
export interface Regex {
  readonly pattern: string;
  /** Whether the pattern is found anywhere in the text (Go's MatchString). */
  test(text: string): boolean;
  /** The first match with its groups, or undefined. */
  find(text: string): readonly (string | undefined)[] | undefined;
  findAll(text: string, limit?: number): readonly string[];
  /** Go's ReplaceAllString: `$1` and `${name}` are expanded unless `literal`. */
  replaceAll(text: string, replacement: string, literal?: boolean): string;
  split(text: string, limit?: number): readonly string[];
  /** The matches with their groups, one after the other. */
  matches(text: string): Iterable<RegexMatch>;
}

/** One match; offsets are in UTF-16 units, a group that took no part has none. */
export interface RegexMatch {
  readonly start: number;
  readonly text: string;
  readonly groups: readonly {
    readonly name: string | undefined;
    readonly start: number;
    readonly text: string | undefined;
  }[];
}

/** Longest pattern that is compiled, in characters; a repeat count may not pass 1,000 (RE2's own bound). */
export const maxPatternLength = 1_000;

/**
 * Compiles Go regular expression syntax.
 * Errors: EXPR_REGEX with the place, EXPR_LIMIT for a pattern that is too long.
 */
export function compileRegex(pattern: string): Regex {
  if (pattern.length > maxPatternLength)
    throw ExprError.LIMIT({ language: "regex", what: "characters of pattern", max: maxPatternLength });
  const compiled = compile(pattern);
  return {
    pattern,
    test: (text) => compiled.matcher(text).find(),
    find: (text) => {
      const matcher = compiled.matcher(text);
      if (!matcher.find()) return undefined;
      return Array.from({ length: matcher.groupCount() + 1 }, (_, i) => matcher.group(i) ?? undefined);
    },
    findAll: (text, limit = -1) => {
      const found: string[] = [];
      const matcher = compiled.matcher(text);
      while ((limit < 0 || found.length < limit) && matcher.find()) found.push(matcher.group(0) ?? "");
      return found;
    },
    replaceAll: (text, replacement, literal = false) => replaceAll(compiled, text, replacement, literal),
    split: (text, limit = -1) => splitBy(compiled, text, limit),
    matches: (text) => matchesOf(compiled, text),
  };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (cause) {
    throw invalid(pattern, cause);
  }
}

function* matchesOf(compiled: RE2JS, text: string): Iterable<RegexMatch> {
  const names = new Map(Object.entries(compiled.namedGroups()).map(([name, index]) => [index, name]));
  const matcher = compiled.matcher(text);
  while (matcher.find()) {
    const groups = Array.from({ length: matcher.groupCount() }, (_, i) => ({
      name: names.get(i + 1),
      start: matcher.start(i + 1),
      text: matcher.group(i + 1) ?? undefined,
    }));
    yield { start: matcher.start(0), text: matcher.group(0) ?? "", groups };
  }
}

function invalid(pattern: string, cause: unknown): Error {
  const known = cause as { error?: unknown; input?: unknown };
  const fragment = typeof known.input === "string" ? known.input : "";
  const reason = typeof known.error === "string" ? known.error : "it could not be compiled";
  const offset = fragment === "" ? 0 : Math.max(0, pattern.indexOf(fragment));
  return ExprError.REGEX(
    {
      pattern: clip(pattern),
      reason: fragment === "" ? reason : `${reason}: '${clip(fragment)}'`,
      ...positionAt(pattern, offset),
    },
    cause,
  );
}

function replaceAll(compiled: RE2JS, text: string, replacement: string, literal: boolean): string {
  const matcher = compiled.matcher(text);
  let out = "";
  let last = 0;
  while (matcher.find()) {
    out += text.slice(last, matcher.start(0));
    out += literal
      ? replacement
      : expandTemplate(replacement, (name) => {
          const index = /^\d+$/.test(name) ? Number(name) : undefined;
          if (index !== undefined) return index <= matcher.groupCount() ? (matcher.group(index) ?? "") : "";
          return Object.hasOwn(compiled.namedGroups(), name) ? (matcher.group(name) ?? "") : "";
        });
    last = matcher.end(0);
  }
  return out + text.slice(last);
}

const expandTemplate = (template: string, group: (name: string) => string): string =>
  template.replace(/\$(?:\$|\{(\w+)\}|(\w+))/g, (all, braced?: string, bare?: string) => {
    if (all === "$$") return "$";
    return group(braced ?? bare ?? "");
  });

/** Go's Regexp.Split: limit 0 gives nothing, a negative one gives all. */
function splitBy(compiled: RE2JS, text: string, limit: number): readonly string[] {
  if (limit === 0) return [];
  const parts: string[] = [];
  const matcher = compiled.matcher(text);
  let begin = 0;
  let end = 0;
  while ((limit < 0 || parts.length < limit - 1) && matcher.find()) {
    end = matcher.start(0);
    if (matcher.end(0) !== 0) parts.push(text.slice(begin, end));
    begin = matcher.end(0);
  }
  if (end !== text.length) parts.push(text.slice(begin));
  return parts;
}
