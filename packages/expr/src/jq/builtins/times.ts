// Times in UTC: seconds since 1970, and "broken down" lists [year, month 0–11, day, h, m, s, weekday, day of the year].
import { fail, shown } from "../values/values.ts";
import type { ValueFunction } from "./function.ts";

const months = "January February March April May June July August September October November December".split(
  " ",
);
const days = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");
const maxSeconds = 8.64e12;

type Broken = readonly [number, number, number, number, number, number, number, number];

const two = (value: number): string => String(value).padStart(2, "0");

function brokenDown(seconds: number): Broken {
  if (!(Math.abs(seconds) <= maxSeconds)) return fail("the time is out of range");
  const date = new Date(Math.floor(seconds) * 1_000);
  const start = Date.UTC(date.getUTCFullYear(), 0, 1);
  return [
    date.getUTCFullYear(),
    date.getUTCMonth(),
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds() + (seconds - Math.floor(seconds)),
    date.getUTCDay(),
    Math.floor((date.getTime() - start) / 86_400_000),
  ];
}

function brokenOf(value: unknown, name: string): Broken {
  if (typeof value === "number") return brokenDown(value);
  const numbers =
    Array.isArray(value) && value.length >= 6 && value.every((item) => typeof item === "number");
  return numbers
    ? brokenDown(secondsOf(value as unknown as Broken))
    : fail(`${name} requires parsed datetime inputs`);
}

function secondsOf([year, month, day, hour, minute, second]: Broken): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  date.setUTCHours(hour, minute, Math.floor(second));
  return Math.floor(date.getTime() / 1_000);
}

/** Monday-based week of the year, and ISO 8601's year and week. */
const weekFrom = (time: Broken, first: number): number =>
  Math.floor((time[7] + 7 - ((time[6] - first + 7) % 7)) / 7);

function isoWeek(time: Broken): readonly [number, number] {
  const thursday = brokenDown(secondsOf(time) + (4 - (time[6] || 7)) * 86_400);
  return [thursday[0], Math.floor(thursday[7] / 7) + 1];
}

const shows: Readonly<Record<string, (time: Broken) => string>> = {
  Y: (t) => String(t[0]),
  C: (t) => two(Math.floor(t[0] / 100)),
  y: (t) => two(t[0] % 100),
  m: (t) => two(t[1] + 1),
  B: (t) => months[t[1]] ?? "",
  b: (t) => (months[t[1]] ?? "").slice(0, 3),
  h: (t) => (months[t[1]] ?? "").slice(0, 3),
  d: (t) => two(t[2]),
  e: (t) => String(t[2]).padStart(2, " "),
  H: (t) => two(t[3]),
  I: (t) => two(t[3] % 12 || 12),
  k: (t) => String(t[3]).padStart(2, " "),
  l: (t) => String(t[3] % 12 || 12).padStart(2, " "),
  M: (t) => two(t[4]),
  S: (t) => two(Math.floor(t[5])),
  p: (t) => (t[3] < 12 ? "AM" : "PM"),
  P: (t) => (t[3] < 12 ? "am" : "pm"),
  A: (t) => days[t[6]] ?? "",
  a: (t) => (days[t[6]] ?? "").slice(0, 3),
  u: (t) => String(t[6] || 7),
  w: (t) => String(t[6]),
  j: (t) => String(t[7] + 1).padStart(3, "0"),
  U: (t) => two(weekFrom(t, 0)),
  W: (t) => two(weekFrom(t, 1)),
  V: (t) => two(isoWeek(t)[1]),
  G: (t) => String(isoWeek(t)[0]),
  g: (t) => two(isoWeek(t)[0] % 100),
  s: (t) => String(secondsOf(t)),
  Z: () => "UTC",
  z: () => "+0000",
  n: () => "\n",
  t: () => "\t",
  "%": () => "%",
};
const composed: Readonly<Record<string, string>> = {
  D: "%m/%d/%y",
  F: "%Y-%m-%d",
  T: "%H:%M:%S",
  R: "%H:%M",
  r: "%I:%M:%S %p",
  c: "%a %b %e %H:%M:%S %Y",
  x: "%m/%d/%y",
  X: "%H:%M:%S",
};

const expandedFormat = (format: string): string =>
  format.replace(/%([DFTRrcxX%])/g, (all, letter: string) => composed[letter] ?? all);

function formattedTime(value: unknown, format: unknown): string {
  if (typeof format !== "string") return fail("strftime/1 requires a string format");
  const time = brokenOf(value, "strftime/1");
  return expandedFormat(format).replace(/%([\s\S])/g, (all, letter: string) =>
    Object.hasOwn(shows, letter) ? (shows[letter]?.(time) ?? all) : all,
  );
}

/** What each letter reads: its pattern and the field that it sets. */
const reads: Readonly<Record<string, readonly [string, ((found: string, into: number[]) => void)?]>> = {
  Y: ["[-+]?\\d{1,4}", (found, into) => into.splice(0, 1, Number(found))],
  m: ["\\d{1,2}", (found, into) => into.splice(1, 1, Number(found) - 1)],
  d: ["\\s?\\d{1,2}", (found, into) => into.splice(2, 1, Number(found))],
  e: ["\\s?\\d{1,2}", (found, into) => into.splice(2, 1, Number(found))],
  H: ["\\d{1,2}", (found, into) => into.splice(3, 1, Number(found))],
  M: ["\\d{1,2}", (found, into) => into.splice(4, 1, Number(found))],
  S: ["\\d{1,2}", (found, into) => into.splice(5, 1, Number(found))],
  j: ["\\d{1,3}", (found, into) => into.splice(1, 2, 0, Number(found))],
  b: ["[A-Za-z]+", (found, into) => into.splice(1, 1, monthOf(found))],
  B: ["[A-Za-z]+", (found, into) => into.splice(1, 1, monthOf(found))],
  h: ["[A-Za-z]+", (found, into) => into.splice(1, 1, monthOf(found))],
  a: ["[A-Za-z]+"],
  A: ["[A-Za-z]+"],
  Z: ["[A-Za-z]+|[-+]\\d\\d:?\\d\\d"],
  z: ["Z|[-+]\\d\\d:?\\d\\d", (found, into) => into.push(offsetSeconds(found))],
  s: ["-?\\d+", (found, into) => into.splice(0, 6, ...brokenDown(Number(found)).slice(0, 6))],
  "%": ["%"],
};

function monthOf(name: string): number {
  const index = months.findIndex((month) => month.toLowerCase().startsWith(name.toLowerCase()));
  return index >= 0 && name.length >= 3 ? index : fail(`'${name}' is not a month`);
}

function offsetSeconds(text: string): number {
  if (text === "Z") return 0;
  const digits = text.replace(/\D/g, "");
  const seconds = Number(digits.slice(0, 2)) * 3_600 + Number(digits.slice(2)) * 60;
  return text.startsWith("-") ? -seconds : seconds;
}

const maxFormat = 200;

function parsedTime(value: unknown, format: unknown): Broken {
  if (typeof value !== "string")
    return fail(`strptime/1 requires string inputs and arguments, not ${shown(value)}`);
  if (typeof format !== "string" || format.length > maxFormat)
    return fail("strptime/1 requires a short string format");
  const setters: (((found: string, into: number[]) => void) | undefined)[] = [];
  const pattern = expandedFormat(format).replace(/%([\s\S])|\s+|[^%\s]/g, (piece, letter?: string) => {
    if (letter === undefined)
      return /\s/.test(piece) ? "\\s*" : piece.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
    const read = Object.hasOwn(reads, letter) ? reads[letter] : undefined;
    if (read === undefined) return fail(`date format '%${letter}' cannot be read`);
    setters.push(read[1]);
    return `(${read[0]})`;
  });
  const found = new RegExp(`^${pattern}\\s*$`).exec(value.slice(0, 1_000));
  if (found === null) return fail(`date "${value.slice(0, 100)}" does not match format "${format}"`);
  const fields = [1900, 0, 1, 0, 0, 0];
  for (const [i, set] of setters.entries()) set?.((found[i + 1] ?? "").trim(), fields);
  const offset = fields[6] ?? 0;
  return brokenDown(secondsOf(fields as unknown as Broken) - offset);
}

export const timeFunctions: Readonly<Record<string, ValueFunction>> = {
  "now/0": (_value, _args, { clock }) =>
    clock === undefined ? fail("the time is not known here") : clock.now() / 1_000,
  "gmtime/0": (value) => (typeof value === "number" ? brokenDown(value) : fail("gmtime() requires a number")),
  "localtime/0": (value) =>
    typeof value === "number" ? brokenDown(value) : fail("localtime() requires a number"),
  "mktime/0": (value) =>
    Array.isArray(value) ? secondsOf(brokenOf(value, "mktime")) : fail("mktime requires array of 6 numbers"),
  "strftime/1": (value, [format]) => formattedTime(value, format),
  "strflocaltime/1": (value, [format]) => formattedTime(value, format),
  "strptime/1": (value, [format]) => parsedTime(value, format),
};
