import type { Json } from "@sluice/base";
import { closingBracket, closingQuote, matchWildcard } from "./path.ts";
import type { GjsonResult } from "./result.ts";

/** The inside of `#(…)`: a path into each element, an operator, a wanted text. */
export interface Query {
  readonly path: string;
  readonly operator: string;
  readonly wanted: string;
}

const operator = /^(==|=|!=|!%|<=|>=|<|>|%)/;

export function parseQuery(text: string): Query {
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if (character === "\\") at++;
    else if (character === "#" && (text[at + 1] === "(" || text[at + 1] === "[")) {
      const end = closingBracket(text, at + 1);
      if (end < 0) break;
      at = end;
    } else {
      const found = operator.exec(text.slice(at, at + 2))?.[1];
      if (found === undefined) continue;
      const path = text.slice(0, at).trim();
      const wanted = unquote(text.slice(at + found.length).trim());
      return { path, operator: found === "==" ? "=" : found, wanted };
    }
  }
  return { path: text.trim(), operator: "", wanted: "" };
}

function unquote(text: string): string {
  if (!text.startsWith('"')) return text;
  const end = closingQuote(text, 0);
  if (end < 0) return text.slice(1);
  try {
    return String(JSON.parse(text.slice(0, end + 1)));
  } catch {
    return text.slice(1, end).replace(/\\(.)/g, "$1");
  }
}

/** Whether what the query's path led to is what the query wants. */
export function queryMatches(query: Query, found: GjsonResult): boolean {
  const { value, wanted } = tilde(query.wanted, found);
  if (value === undefined) return false;
  if (query.operator === "") return true;
  if (typeof value === "string") return textMatches(query.operator, value, wanted);
  if (typeof value === "number") return numberMatches(query.operator, value, Number.parseFloat(wanted) || 0);
  if (typeof value === "boolean") return booleanMatches(query.operator, value, wanted);
  return false;
}

/** `~true`, `~false`, `~null` and `~*` compare what the value counts as, not what it is. */
function tilde(
  wanted: string,
  found: GjsonResult,
): { readonly value: Json | undefined; readonly wanted: string } {
  if (!wanted.startsWith("~")) return { value: found.value, wanted };
  const counts = countsAs(wanted.slice(1), found);
  return counts === undefined ? { value: undefined, wanted: "" } : { value: counts, wanted: "true" };
}

function countsAs(kind: string, { value }: GjsonResult): boolean | undefined {
  const truth =
    value === true ||
    (typeof value === "number" && value !== 0) ||
    (typeof value === "string" && ["1", "t", "true"].includes(value.toLowerCase()));
  switch (kind) {
    case "*":
      return value !== undefined;
    case "null":
      return value === undefined || value === null;
    case "true":
      return truth;
    case "false":
      return !truth && !Array.isArray(value) && (typeof value !== "object" || value === null);
    default:
      return undefined;
  }
}

function textMatches(sign: string, value: string, wanted: string): boolean {
  switch (sign) {
    case "%":
      return matchWildcard(value, wanted);
    case "!%":
      return !matchWildcard(value, wanted);
    default:
      return ordered(sign, value < wanted ? -1 : value > wanted ? 1 : 0);
  }
}

const numberMatches = (sign: string, value: number, wanted: number): boolean => ordered(sign, value - wanted);

function booleanMatches(sign: string, value: boolean, wanted: string): boolean {
  switch (sign) {
    case "=":
      return wanted === String(value);
    case "!=":
      return wanted !== String(value);
    case ">":
      return value && wanted === "false";
    case "<":
      return !value && wanted === "true";
    case ">=":
      return value;
    case "<=":
      return !value;
    default:
      return false;
  }
}

function ordered(sign: string, order: number): boolean {
  switch (sign) {
    case "=":
      return order === 0;
    case "!=":
      return order !== 0;
    case "<":
      return order < 0;
    case "<=":
      return order <= 0;
    case ">":
      return order > 0;
    case ">=":
      return order >= 0;
    default:
      return false;
  }
}
