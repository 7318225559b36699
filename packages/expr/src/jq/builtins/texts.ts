import type { Budget } from "../../budget.ts";
import { formatted, textOf } from "../values/formats.ts";
import { fail, shown, splitText, typeOf } from "../values/values.ts";
import { listOf } from "./core.ts";
import type { ValueFunction } from "./function.ts";

const text = (value: unknown, what: string): string =>
  typeof value === "string" ? value : fail(`${shown(value)} cannot be ${what}`);

const trimmed =
  (start: boolean, end: boolean): ValueFunction =>
  (value) => {
    const whole = typeof value === "string" ? value : fail(`${shown(value)} cannot be trimmed`);
    return start ? (end ? whole.trim() : whole.trimStart()) : whole.trimEnd();
  };

const without = (value: unknown, part: unknown, atStart: boolean, atEnd: boolean): unknown => {
  if (typeof value !== "string" || typeof part !== "string" || part === "") return value;
  let made = value;
  if (atStart && made.startsWith(part)) made = made.slice(part.length);
  if (atEnd && made.endsWith(part)) made = made.slice(0, -part.length);
  return made;
};

function joined(value: unknown, glue: unknown, budget: Budget): string {
  const items = listOf(value, "joined");
  if (items.length === 0) return "";
  const between = text(glue, "joined with");
  const parts = items.map((item) => {
    if (item === null || item === undefined) return "";
    if (typeof item === "object") return fail(`${shown("")} and ${shown(item)} cannot be added`);
    return String(item);
  });
  budget.text(parts.reduce((sum, part) => sum + part.length + between.length, 0));
  return parts.join(between);
}

function numberFrom(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return fail(`${shown(value)} cannot be parsed as a number`);
  return /^\s*-?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(value)
    ? Number(value)
    : fail(`Cannot be parsed as a number: ${shown(value)}`);
}

function imploded(value: unknown, budget: Budget): string {
  const points = listOf(value, "imploded");
  budget.text(points.length);
  return points
    .map((point) => {
      if (typeof point !== "number") return fail(`Unicode codepoint must be numeric, not ${typeOf(point)}`);
      const valid = point >= 0 && point <= 0x10ffff && !(point >= 0xd800 && point <= 0xdfff);
      return String.fromCodePoint(valid ? Math.trunc(point) : 0xfffd);
    })
    .join("");
}

const ascii = (value: string, from: RegExp, change: (letter: string) => string): string =>
  value.replace(from, change);

export const textFunctions: Readonly<Record<string, ValueFunction>> = {
  "tostring/0": (value, _, { budget }) => textOf(value, budget),
  "tonumber/0": numberFrom,
  "format/1": (value, [name], { budget }) => formatted(`@${text(name, "a format")}`, value, budget),
  "utf8bytelength/0": (value) => Buffer.byteLength(text(value, "measured in bytes")),
  "ascii_downcase/0": (value) => ascii(text(value, "lowered"), /[A-Z]/g, (letter) => letter.toLowerCase()),
  "ascii_upcase/0": (value) => ascii(text(value, "raised"), /[a-z]/g, (letter) => letter.toUpperCase()),
  "explode/0": (value, _, { budget }) => {
    const whole = text(value, "exploded");
    budget.items(whole.length);
    return [...whole].map((letter) => letter.codePointAt(0) ?? 0);
  },
  "implode/0": (value, _, { budget }) => imploded(value, budget),
  "split/1": (value, [by], { budget }) => splitText(text(value, "split"), text(by, "split by"), budget),
  "join/1": (value, [glue], { budget }) => joined(value, glue, budget),
  "startswith/1": (value, [part]) =>
    typeof value === "string" && typeof part === "string"
      ? value.startsWith(part)
      : fail("startswith() requires string inputs"),
  "endswith/1": (value, [part]) =>
    typeof value === "string" && typeof part === "string"
      ? value.endsWith(part)
      : fail("endswith() requires string inputs"),
  "ltrimstr/1": (value, [part]) => without(value, part, true, false),
  "rtrimstr/1": (value, [part]) => without(value, part, false, true),
  "trimstr/1": (value, [part]) => without(value, part, true, true),
  "trim/0": trimmed(true, true),
  "ltrim/0": trimmed(true, false),
  "rtrim/0": trimmed(false, true),
};
