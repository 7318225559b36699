import type { FunctionContext, LanguageFunction } from "../exprlang/context.ts";
import { readSlice } from "../exprlang/members.ts";
import { fault } from "../fault.ts";
import { formatPlain, sprintf } from "../printf.ts";
import { isEmpty, str } from "../sprig/cast.ts";
import { sprigFunction } from "../sprig/registry.ts";
import { equalValues, isMapping, orderOf, readKey, typeName } from "../values.ts";

/** A function of templates by name: text/template's own, then sprig's. */
export const templateFunction = (name: string): LanguageFunction | undefined =>
  own.get(name) ?? sprigFunction(name);

function indexed(args: readonly unknown[]): unknown {
  let value = args[0];
  for (const key of args.slice(1)) {
    if (isMapping(value)) value = readKey(value, str(key));
    else if (Array.isArray(value) || typeof value === "string") {
      if (!Number.isInteger(key) || (key as number) < 0 || (key as number) >= value.length)
        fault(`index out of range: ${str(key)}`);
      value = typeof value === "string" ? value.charCodeAt(key as number) : (value[key as number] as unknown);
    } else fault(`cannot index ${typeName(value)}`);
  }
  return value;
}

const ordering =
  (name: string, holds: (order: number) => boolean): LanguageFunction =>
  ([left, right]) =>
    holds(orderOf(left, right, name));

/** Go's Sprint: a blank between two values neither of which is a text. */
function sprint(args: readonly unknown[], { budget }: FunctionContext): string {
  let out = "";
  for (const [index, value] of args.entries()) {
    const blank = index > 0 && typeof value !== "string" && typeof args[index - 1] !== "string";
    out += (blank ? " " : "") + formatPlain(value, budget);
  }
  budget.text(out.length);
  return out;
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

const jsEscaped = (text: string): string =>
  JSON.stringify(text)
    .slice(1, -1)
    .replace(/['<>&=]/g, (c) =>
      c === "'" ? "\\'" : `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`,
    );

const own: ReadonlyMap<string, LanguageFunction> = new Map<string, LanguageFunction>([
  [
    "eq",
    ([first, ...rest], { budget }) =>
      rest.length === 0
        ? fault("missing argument for comparison")
        : rest.some((other) => equalValues(first, other, budget)),
  ],
  ["ne", ([left, right], { budget }) => !equalValues(left, right, budget)],
  ["lt", ordering("lt", (order) => order < 0)],
  ["le", ordering("le", (order) => order <= 0)],
  ["gt", ordering("gt", (order) => order > 0)],
  ["ge", ordering("ge", (order) => order >= 0)],
  ["not", ([value]) => isEmpty(value)],
  ["index", indexed],
  ["slice", ([value, from, to], { budget }) => readSlice(value, from, to, budget)],
  [
    "len",
    ([value]) => {
      if (typeof value === "string") return Buffer.byteLength(value);
      if (Array.isArray(value)) return value.length;
      return isMapping(value) ? Object.keys(value).length : fault(`len of ${typeName(value)}`);
    },
  ],
  ["print", sprint],
  ["println", (args, { budget }) => `${args.map((value) => formatPlain(value, budget)).join(" ")}\n`],
  ["printf", ([format, ...args], { budget }) => sprintf(str(format), args, budget)],
  ["html", (args, context) => sprint(args, context).replace(/[&<>"']/g, (c) => htmlEscapes[c] ?? c)],
  ["js", (args, context) => jsEscaped(sprint(args, context))],
  [
    "urlquery",
    (args, context) =>
      encodeURIComponent(sprint(args, context))
        .replaceAll("%20", "+")
        .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`),
  ],
]);
