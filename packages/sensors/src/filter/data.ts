import { isAppError, type Json, messageOf } from "@sluice/base";
import { compileRegex, type GjsonResult, getPath, gjsonString } from "@sluice/expr";
import type { DataFilter, FilterCheck, StoredEvent } from "@sluice/spec";
import type { SensorIssue } from "../errors.ts";
import { checkTemplate, renderTemplate } from "../parameters/template.ts";
import { type CompiledTest, shown } from "./verdict.ts";

/** What one comparison came to: `error` says why it could not be made. */
export type Compared = { readonly passed: boolean; readonly error?: string };
/** Compares what stands at the path with one wanted value. */
type Comparison = (found: GjsonResult) => Compared;

const booleans: Readonly<Record<string, boolean>> = {
  "1": true,
  t: true,
  T: true,
  true: true,
  True: true,
  TRUE: true,
  "0": false,
  f: false,
  F: false,
  false: false,
  False: false,
  FALSE: false,
};

const toBoolean = (value: Json | undefined): boolean | undefined => {
  if (typeof value === "boolean") return value;
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && Object.hasOwn(booleans, text) ? booleans[text] : undefined;
};

const toNumber = (value: Json | undefined): number | undefined => {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(value)) return undefined;
  return Number(value);
};

const article = (value: Json | undefined): string =>
  value === null
    ? "null"
    : Array.isArray(value)
      ? "a list"
      : typeof value === "object"
        ? "a map"
        : `'${String(value).slice(0, 64)}'`;

const orders: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  "=": (l, r) => l === r,
  "!=": (l, r) => l !== r,
  ">": (l, r) => l > r,
  ">=": (l, r) => l >= r,
  "<": (l, r) => l < r,
  "<=": (l, r) => l <= r,
};

function compileNumber(wanted: string, operator: string): Comparison | string {
  const right = toNumber(wanted);
  const holds = orders[operator];
  if (right === undefined || holds === undefined) return `'${wanted}' is not a number`;
  return ({ value }) => {
    const left = toNumber(value);
    return left === undefined
      ? { passed: false, error: `${article(value)} is not a number` }
      : { passed: holds(left, right) };
  };
}

function compileBool(wanted: string, operator: string): Comparison | string {
  const right = toBoolean(wanted);
  if (right === undefined) return `'${wanted}' is not a boolean`;
  if (operator !== "=" && operator !== "!=") return `booleans cannot be compared with '${operator}'`;
  return ({ value }) => {
    const left = toBoolean(value);
    if (left === undefined) return { passed: false, error: `${article(value)} is not a boolean` };
    return { passed: (left === right) === (operator === "=") };
  };
}

function compileString(wanted: string, operator: string): Comparison | string {
  if (operator !== "=" && operator !== "!=")
    return `strings cannot be compared with '${operator}': use type number`;
  try {
    const regex = compileRegex(wanted);
    return (found) => ({ passed: regex.test(gjsonString(found)) === (operator === "=") });
  } catch (error) {
    return messageOf(error);
  }
}

const compilers = { number: compileNumber, bool: compileBool, string: compileString } as const;

/**
 * A data filter. Several values: with `!=` none may match, with every other comparator one is enough.
 * A path that is not there, or a value of another type, is a failed check that says so.
 */
export function compileData(
  filter: DataFilter,
  path: string,
  issues: SensorIssue[],
): CompiledTest | undefined {
  const operator = filter.comparator === undefined || filter.comparator === "" ? "=" : filter.comparator;
  const comparisons = filter.value.flatMap((wanted, i) => {
    const compiled = compilers[filter.type](wanted, operator);
    if (typeof compiled !== "string") return [compiled];
    issues.push({ path: `${path}.value[${i}]`, message: compiled });
    return [];
  });
  const { template = "" } = filter;
  checkTemplate(template, `${path}.template`, issues);
  if (comparisons.length < filter.value.length) return undefined;

  const right: Json = filter.value.length === 1 ? (filter.value[0] ?? "") : filter.value;
  const head = { filter: "data", subject: filter.path, operator, right } as const;
  return (stored): FilterCheck => {
    const { event } = stored;
    try {
      const at = event.data === undefined ? undefined : getPath(event.data, filter.path);
      if (at === undefined || !at.exists)
        return { ...head, passed: false, error: `path '${filter.path}' does not exist` };
      const found = template === "" ? at : templated(template, at, stored);
      if (found === undefined)
        return {
          ...head,
          left: shown(at.value ?? null),
          passed: false,
          error: "the template gave an empty text",
        };
      return { ...head, left: shown(found.value ?? null), ...compareAll(comparisons, found, operator) };
    } catch (error) {
      return { ...head, passed: false, error: isAppError(error) ? error.message : messageOf(error) };
    }
  };
}

function compareAll(comparisons: readonly Comparison[], found: GjsonResult, operator: string): Compared {
  const results = comparisons.map((compare) => compare(found));
  const passed = operator === "!=" ? results.every((r) => r.passed) : results.some((r) => r.passed);
  const error = results.find((r) => r.error !== undefined)?.error;
  return passed || error === undefined ? { passed } : { passed, error };
}

/** `.Input` is the text of what stands at the path; the result is a text again. */
function templated(template: string, at: GjsonResult, event: StoredEvent): GjsonResult | undefined {
  const text = renderTemplate(template, gjsonString(at), event);
  return text === "" || text === "<no value>" ? undefined : { exists: true, value: text, type: "String" };
}
