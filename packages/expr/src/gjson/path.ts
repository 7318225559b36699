/** One step of a gjson path, up to the separator that ends it. */
export interface PathPart {
  /** The key with its escapes undone. */
  readonly key: string;
  /** The key as a pattern (escapes kept) when it holds an unescaped `*` or `?`. */
  readonly pattern: string | undefined;
  /** What ended it: another part of the same value, a pipe, or the end. */
  readonly separator: "." | "|" | "";
  readonly rest: string;
}

/** Reads the key at the head of `path`; a dot before a modifier or a multipath counts as a pipe. */
export function readPart(path: string): PathPart {
  let key = "";
  let at = 0;
  let pattern = false;
  for (; at < path.length && path[at] !== "." && path[at] !== "|"; at++) {
    if (path[at] === "\\" && at + 1 < path.length) at++;
    else pattern ||= path[at] === "*" || path[at] === "?";
    key += path[at];
  }
  const ended = { key, pattern: pattern ? path.slice(0, at) : undefined };
  if (at >= path.length) return { ...ended, separator: "", rest: "" };
  const rest = path.slice(at + 1);
  return { ...ended, separator: path[at] === "|" || isPiped(rest) ? "|" : ".", rest };
}

const isPiped = (rest: string): boolean =>
  /^[[{!]/.test(rest) || (rest.startsWith("@") && modifierNames.has(modifierName(rest)));

export const modifierNames = new Set([
  "pretty",
  "ugly",
  "reverse",
  "this",
  "flatten",
  "join",
  "valid",
  "keys",
  "values",
  "tostr",
  "fromstr",
  "group",
]);

/** The name of the modifier at the head of a path that starts with `@`. */
export const modifierName = (path: string): string => /^@([^.|:]*)/.exec(path)?.[1] ?? "";

/** Where a bracket's partner stands, minding quotes and nesting; -1 when there is none. */
export function closingBracket(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === '"') {
      at = closingQuote(text, at);
      if (at < 0) return -1;
    } else if (character === "\\") at++;
    else if ("([{".includes(character)) depth++;
    else if (")]}".includes(character) && --depth === 0) return at;
  }
  return -1;
}

export function closingQuote(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === '"') return at;
  }
  return -1;
}

/** Splits at the first pipe outside brackets and quotes: what is mapped over elements, and what comes after. */
export function splitPipe(path: string): readonly [string, string | undefined] {
  for (let at = 0; at < path.length; at++) {
    const character = path[at] ?? "";
    if (character === "\\") at++;
    else if (character === "|") return [path.slice(0, at), path.slice(at + 1)];
    else if ("([{".includes(character)) {
      const end = closingBracket(path, at);
      if (end < 0) break;
      at = end;
    } else if (character === '"') {
      const end = closingQuote(path, at);
      if (end < 0) break;
      at = end;
    }
  }
  return [path, undefined];
}

/**
 * Go's tidwall/match: `*` any run, `?` one character, `\` takes the next as it is. Linear in text × pattern.
 */
export function matchWildcard(text: string, pattern: string): boolean {
  let t = 0;
  let p = 0;
  let star = -1;
  let mark = 0;
  while (t < text.length) {
    const escaped = pattern[p] === "\\" && p + 1 < pattern.length;
    const wanted = escaped ? pattern[p + 1] : pattern[p];
    if (!escaped && wanted === "*") {
      star = p++;
      mark = t;
    } else if (p < pattern.length && ((!escaped && wanted === "?") || wanted === text[t])) {
      p += escaped ? 2 : 1;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++mark;
    } else return false;
  }
  while (pattern[p] === "*") p++;
  return p >= pattern.length;
}
