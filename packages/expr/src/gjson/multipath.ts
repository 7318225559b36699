import type { Json } from "@sluice/base";
import { closingBracket, closingQuote } from "./path.ts";
import { type GjsonResult, missing } from "./result.ts";
import type { Walk } from "./walk.ts";

/** `{a,"name":b.c}` gives an object, `[a,b.c]` an array, of those of its paths that exist. */
export function getMultipath(walk: Walk, value: Json, path: string): GjsonResult {
  const end = closingBracket(path, 0);
  if (end < 0) return missing;
  const selectors = splitSelectors(path.slice(1, end));
  const rest = path.slice(end + 1);
  const made = path.startsWith("{") ? asObject(walk, value, selectors) : asArray(walk, value, selectors);
  walk.weigh(made);
  return walk.onward(made, rest === "" ? undefined : rest.slice(1));
}

function asArray(walk: Walk, value: Json, selectors: readonly Selector[]): Json {
  const made: Json[] = [];
  for (const selector of selectors) {
    const found = walk.get(value, selector.path).value;
    if (found !== undefined) made.push(found);
  }
  return made;
}

function asObject(walk: Walk, value: Json, selectors: readonly Selector[]): Json {
  const made = new Map<string, Json>();
  for (const selector of selectors) {
    const found = walk.get(value, selector.path).value;
    if (found !== undefined) made.set(selector.name ?? nameOfPath(selector.path), found);
  }
  return Object.fromEntries(made);
}

interface Selector {
  readonly name: string | undefined;
  readonly path: string;
}

function splitSelectors(text: string): readonly Selector[] {
  const selectors: Selector[] = [];
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at] ?? ",";
    if (character === "\\") at++;
    else if ("([{".includes(character)) at = partner(closingBracket(text, at), text);
    else if (character === '"') at = partner(closingQuote(text, at), text);
    else if (character === ",") {
      const selector = text.slice(start, at).trim();
      if (selector !== "") selectors.push(readSelector(selector));
      start = at + 1;
    }
  }
  return selectors;
}

const partner = (end: number, text: string): number => (end < 0 ? text.length - 1 : end);

function readSelector(text: string): Selector {
  if (!text.startsWith('"')) return { name: undefined, path: text };
  const end = closingQuote(text, 0);
  if (end < 0 || text[end + 1] !== ":") return { name: undefined, path: text };
  return { name: String(JSON.parse(text.slice(0, end + 1))), path: text.slice(end + 2).trim() };
}

/** The last plain key of a path, or "_" where it has none (a modifier, a count, a literal). */
function nameOfPath(path: string): string {
  const last = path.split(/(?<!\\)[.|]/).at(-1) ?? "";
  return last === "" || /^[@!#[{]/.test(last) ? "_" : last.replace(/\\(.)/g, "$1");
}
