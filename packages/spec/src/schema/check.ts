import type { Json } from "@sluice/base";
import type { z } from "zod";
import type { IssueSink, Path } from "../issue.ts";
import { didYouMean, listNames } from "./nearest.ts";
import { placeUnknownField } from "./place.ts";
import { type Schema, withoutNulls } from "./shape.ts";

/**
 * Checks a value against a schema and says everything that is wrong in the words of the manifest.
 * Returns the typed value, or undefined when there was an error. `base` is the path of the value in its document.
 */
export function checkShape<S extends z.ZodType>(
  schema: S,
  json: Json,
  sink: IssueSink,
  base: Path = [],
): z.infer<S> | undefined {
  const parsed = schema.safeParse(withoutNulls(schema, json));
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) report(issue, { schema, json, sink, base });
  return undefined;
}

interface Place {
  readonly schema: Schema;
  readonly json: Json;
  readonly sink: IssueSink;
  readonly base: Path;
}

function report(issue: z.core.$ZodIssue, place: Place): void {
  const local = issue.path.map((step) => (typeof step === "symbol" ? String(step) : step));
  const path = [...place.base, ...local];
  const came = valueAt(place.json, local);
  switch (issue.code) {
    case "unrecognized_keys":
      for (const key of issue.keys) placeUnknownField(key, local, place);
      break;
    case "invalid_type":
      reportType(wantedType(issue.expected), path, came, place.sink);
      break;
    case "invalid_union":
      reportType(unionOf(issue), path, came, place.sink);
      break;
    case "invalid_value":
      wrongValue(issue.values.map(String), path, came, place.sink);
      break;
    case "invalid_key":
      place.sink.error("SPEC_NAME", path, {
        key: true,
        message: `'${String(path.at(-1))}' is not allowed as a key here`,
        hint: issue.issues[0]?.message ?? "use letters, digits, '-', '_' and '.'",
      });
      break;
    default:
      place.sink.error("SPEC_VALUE", path, {
        message: `'${String(path.at(-1) ?? "value")}' ${say(issue)}, got ${show(came)}`,
        hint: "correct the value",
      });
  }
}

/** The forms that a union takes, in words. */
function unionOf(issue: z.core.$ZodIssueInvalidUnion): string {
  const wanted = new Set<string>();
  for (const option of issue.errors) {
    for (const inner of option) {
      if (inner.code === "invalid_type" && inner.path.length === 0) wanted.add(wantedType(inner.expected));
    }
  }
  return wanted.size === 0 ? "a value of another form" : [...wanted].join(" or ");
}

function reportType(wanted: string, path: Path, came: Json | undefined, sink: IssueSink): void {
  if (came === undefined || came === null) missing(path, wanted, sink);
  else wrongType(path, wanted, came, sink);
}

/** The field at a path; of a list's entry the list, with its place: `steps[0]`. */
function nameOf(path: Path): string {
  const field = path.findLastIndex((step) => typeof step === "string");
  const places = path.slice(field + 1).map((place) => `[${place}]`);
  return [path[field] ?? "document", ...places].join("");
}

function missing(path: Path, wanted: string, sink: IssueSink): void {
  sink.error("SPEC_FIELD_MISSING", path, {
    key: true,
    message: `'${nameOf(path)}' is required`,
    hint: `give it ${wanted}`,
  });
}

function wrongType(path: Path, wanted: string, came: Json, sink: IssueSink): void {
  sink.error("SPEC_TYPE", path, {
    message: `'${nameOf(path)}' must be ${wanted}, got ${show(came)}`,
    hint: typeHint(wanted, came),
  });
}

/** Where the incumbent has a sentence for a value that is none of the list, it leads. */
const incumbentWords: Readonly<Record<string, (value: string) => string>> = {
  retryPolicy: (value) => `${value} is not a valid RetryPolicy`,
  concurrencyPolicy: (value) => `'${value}' is not a valid concurrencyPolicy`,
};

function wrongValue(values: readonly string[], path: Path, came: Json | undefined, sink: IssueSink): void {
  const field = String(path.at(-1) ?? "value");
  if (came === undefined || came === null) {
    missing(path, `one of: ${listNames(values)}`, sink);
    return;
  }
  const shown = values.filter((value) => value !== "");
  const wanted = shown.length === 1 ? `'${shown[0]}'` : `one of: ${listNames(shown)}`;
  const known = typeof came === "string" ? incumbentWords[field]?.(came) : undefined;
  sink.error("SPEC_VALUE", path, {
    message: `${known === undefined ? "" : `${known}: `}'${field}' must be ${wanted}, got ${show(came)}`,
    hint: typeof came === "string" ? didYouMean(came, shown, `use ${wanted}`) : `use ${wanted}`,
  });
}

function typeHint(wanted: string, came: Json): string {
  const scalar = typeof came === "number" || typeof came === "boolean";
  if (wanted === "a text" && scalar) return `quote it: "${String(came)}"`;
  if (wanted === "true or false" && typeof came === "string") {
    if (/^(yes|on|true)$/i.test(came)) return "write true, without quotes";
    if (/^(no|off|false)$/i.test(came)) return "write false, without quotes";
  }
  if (wanted === "a text" && came !== null && typeof came === "object")
    return `write it as the text of its JSON: '${JSON.stringify(came).slice(0, 60)}'`;
  if (/number/.test(wanted) && typeof came === "string" && /^-?\d+(\.\d+)?$/.test(came))
    return "take the quotes off";
  if (wanted === "a list" && came !== null) return "put '- ' before it, or [ ] around it";
  if (wanted === "a map" && Array.isArray(came)) return "take the '- ' off: this place is a map, not a list";
  return `give it ${wanted}`;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "null",
};
const wantedType = (expected: string): string => typeNames[expected] ?? expected;

function say(issue: z.core.$ZodIssue): string {
  if (issue.code === "too_small" && issue.origin === "array")
    return `needs at least ${issue.minimum} item(s)`;
  if (issue.code === "too_big" && issue.origin === "array") return `takes at most ${issue.maximum} items`;
  if (issue.code === "too_small" && issue.origin === "string") {
    return Number(issue.minimum) === 1 ? "must not be empty" : `needs at least ${issue.minimum} characters`;
  }
  if (issue.code === "too_big" && issue.origin === "string")
    return `takes at most ${issue.maximum} characters`;
  if (issue.code === "too_small") return `must be at least ${issue.minimum}`;
  if (issue.code === "too_big") return `must be at most ${issue.maximum}`;
  return issue.message;
}

/** A value as a short text for messages. */
export function show(value: Json | undefined): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return value.length > 60 ? `'${value.slice(0, 57)}…'` : `'${value}'`;
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (value !== null && typeof value === "object") return "a map";
  return String(value);
}

/** The value at a path, looking at own properties only. */
export function valueAt(json: Json, path: Path): Json | undefined {
  let here: Json | undefined = json;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = (here as Readonly<Record<string, Json>>)[String(step)];
  }
  return here;
}
