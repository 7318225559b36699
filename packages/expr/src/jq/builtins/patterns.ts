// Regular expressions: RE2's, so without look-around and back-references, and linear in their input.
import type { Budget } from "../../budget.ts";
import { compileRegex, type Regex, type RegexMatch } from "../../regex.ts";
import { type Evaluator, type Items, made } from "../run/evaluator.ts";
import type { Item, Scope } from "../run/scope.ts";
import type { Node } from "../syntax/ast.ts";
import { fail, objectOf, shown } from "../values/values.ts";
import type { FilterFunction, ValueFunction } from "./function.ts";

interface Search {
  readonly text: string;
  readonly regex: Regex;
  readonly all: boolean;
  /** Flag `n`: empty matches do not count. */
  readonly skipEmpty: boolean;
}

const compiledByBudget = new WeakMap<Budget, Map<string, Regex>>();

function regexOf(pattern: string, budget: Budget): Regex {
  const known = compiledByBudget.get(budget) ?? new Map<string, Regex>();
  compiledByBudget.set(budget, known);
  const found = known.get(pattern);
  if (found !== undefined) return found;
  budget.spend(50 + pattern.length);
  const regex = compileRegex(pattern);
  known.set(pattern, regex);
  return regex;
}

/** White space and comments out of a pattern that was written with the flag `x`. */
const withoutSpace = (pattern: string): string =>
  pattern.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]])*\]|\s+|#[^\n]*/g, (found) =>
    /^[\s#]/.test(found) ? "" : found,
  );

function searchOf(value: unknown, pattern: unknown, flags: unknown, budget: Budget): Search {
  if (typeof value !== "string") return fail(`${shown(value)} cannot be matched, as it is not a string`);
  const [re, letters] = Array.isArray(pattern) ? [pattern[0], pattern[1] ?? flags] : [pattern, flags];
  if (typeof re !== "string") return fail(`${shown(re)} cannot be matched, as it is not a string`);
  const chosen = letters === null || letters === undefined ? "" : letters;
  if (typeof chosen !== "string" || !/^[gimnpslx]*$/.test(chosen))
    return fail(`${String(chosen)} is not a valid modifier string`);
  budget.text(value.length);
  const inline = `${/[i]/.test(chosen) ? "i" : ""}${/[sp]/.test(chosen) ? "s" : ""}`;
  const body = chosen.includes("x") ? withoutSpace(re) : re;
  return {
    text: value,
    regex: regexOf(inline === "" ? body : `(?${inline})${body}`, budget),
    all: chosen.includes("g"),
    skipEmpty: chosen.includes("n"),
  };
}

function* found(
  { text, regex, all, skipEmpty }: Search,
  budget: Budget,
): Generator<RegexMatch, void, undefined> {
  for (const match of regex.matches(text)) {
    budget.spend(2);
    if (skipEmpty && match.text === "") continue;
    yield match;
    if (!all) return;
  }
}

/** Offsets in code points, asked for from left to right: each part of the text is counted once. */
class Offsets {
  readonly #text: string;
  #unit = 0;
  #point = 0;

  constructor(text: string) {
    this.#text = text;
  }

  at(unit: number): number {
    this.#point += pointsIn(this.#text.slice(this.#unit, unit));
    this.#unit = unit;
    return this.#point;
  }
}

function pointsIn(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

function matchObject(offsets: Offsets, match: RegexMatch): unknown {
  const start = offsets.at(match.start);
  const captures = match.groups.map((group) =>
    objectOf([
      [
        "offset",
        group.text === undefined ? -1 : start + pointsIn(match.text.slice(0, group.start - match.start)),
      ],
      ["length", group.text === undefined ? 0 : pointsIn(group.text)],
      ["string", group.text ?? null],
      ["name", group.name ?? null],
    ]),
  );
  return objectOf([
    ["offset", start],
    ["length", pointsIn(match.text)],
    ["string", match.text],
    ["captures", captures],
  ]);
}

export const regexFunctions: Readonly<Record<string, ValueFunction>> = {
  "test/2": (value, [re, flags], { budget }) => {
    const search = searchOf(value, re, flags, budget);
    return found(search, budget).next().done !== true;
  },
  "split/2": (value, [re, flags], { budget }) => {
    if (typeof flags !== "string" && flags !== null) return fail(`${shown(flags)} is not a string`);
    const search = { ...searchOf(value, re, flags, budget), all: true };
    const parts: string[] = [];
    let from = 0;
    for (const match of found(search, budget)) {
      parts.push(search.text.slice(from, match.start));
      from = match.start + match.text.length;
      budget.items(parts.length);
    }
    return [...parts, search.text.slice(from)];
  },
};

function* match(evaluator: Evaluator, args: readonly Node[], input: Item, scope: Scope | undefined): Items {
  const { budget } = evaluator;
  for (const flags of evaluator.values(args[1] as Node, input.value, scope))
    for (const re of evaluator.values(args[0] as Node, input.value, scope)) {
      const search = searchOf(input.value, re, flags, budget);
      const offsets = new Offsets(search.text);
      for (const one of found(search, budget)) yield made(matchObject(offsets, one), input);
    }
}

/** `sub(re; text; flags)`: the text is a filter over the named groups; each of its results gives a text of its own. */
function* substitute(
  evaluator: Evaluator,
  args: readonly Node[],
  input: Item,
  scope: Scope | undefined,
): Items {
  const [pattern, replacement, letters] = args as [Node, Node, Node];
  const { budget } = evaluator;
  for (const flags of evaluator.values(letters, input.value, scope))
    for (const re of evaluator.values(pattern, input.value, scope)) {
      const search = searchOf(input.value, re, flags, budget);
      const matches = evaluator.collect(found(search, budget)) as readonly RegexMatch[];
      for (const text of replaced({ evaluator, search, matches, replacement, scope }, 0, 0))
        yield made(text, input);
    }
}

function* replaced(
  call: {
    readonly evaluator: Evaluator;
    readonly search: Search;
    readonly matches: readonly RegexMatch[];
    readonly replacement: Node;
    readonly scope: Scope | undefined;
  },
  at: number,
  from: number,
): Generator<string, void, undefined> {
  const { evaluator, search, matches, replacement, scope } = call;
  let head = "";
  let start = from;
  // Replacements with one result, nearly all, are put together in a loop; only a choice of several recurses.
  for (let i = at; i < matches.length; i++) {
    const one = matches[i] as RegexMatch;
    const groups = objectOf(
      one.groups.flatMap(({ name, text }) => (name === undefined ? [] : [[name, text ?? null] as const])),
    );
    const texts = evaluator
      .collect(evaluator.values(replacement, groups, scope))
      .map((value) =>
        typeof value === "string" ? value : fail(`${shown(value)} cannot be added to a string`),
      );
    const before = head + search.text.slice(start, one.start);
    start = one.start + one.text.length;
    if (texts.length !== 1) {
      for (const text of texts) for (const rest of replaced(call, i + 1, start)) yield before + text + rest;
      return;
    }
    head = before + (texts[0] ?? "");
    evaluator.budget.text(head.length);
  }
  yield head + search.text.slice(start);
}

export const matchFunctions: Readonly<Record<string, FilterFunction>> = {
  "match/2": match,
  "sub/3": substitute,
};
