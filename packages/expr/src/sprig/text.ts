import { hasCode, parseGoDuration } from "@sluice/base";
import {
  joinTexts,
  lowerText,
  repeatText,
  replaceText,
  splitText,
  trimText,
  upperText,
} from "../exprlang/builtins/strings.ts";
import type { FunctionContext, LanguageFunction } from "../exprlang/context.ts";
import { cachedRegex } from "../exprlang/operators.ts";
import { formatPlain } from "../printf.ts";
import { GoDuration } from "../time/go-time.ts";
import { makeMapping } from "../values.ts";
import { int, str } from "./cast.ts";
import { camelCase, delimitedCase } from "./words.ts";

const title = (text: string): string =>
  text.replace(/(^|[^\p{L}\p{N}_])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());

function truncated(size: number, text: string): string {
  const runes = [...text];
  if (size < 0) return runes.slice(Math.max(0, runes.length + size)).join("");
  return runes.slice(0, size).join("");
}

function substring(from: number, to: number, text: string): string {
  if (from < 0) return text.slice(0, to < 0 ? text.length : to);
  return text.slice(from, to < 0 || to > text.length ? text.length : to);
}

function abbreviated(offset: number, width: number, text: string): string {
  const size = text.length;
  if (width < 4 || (offset > 0 && width < 7) || size <= width) return text;
  const start = size - offset < width - 3 ? size - (width - 3) : offset;
  if (start <= 4) return `${text.slice(0, width - 3)}...`;
  if (start + width - 3 < size) return `...${abbreviated(0, width - 3, text.slice(start))}`;
  return `...${text.slice(size - (width - 3))}`;
}

interface Wrapping {
  readonly width: number;
  readonly glue: string;
  /** Whether words that are longer than a line are cut. */
  readonly cuts: boolean;
}

/** Lines of at most `width` characters, broken at blanks. */
function wrapped(text: string, { width, glue, cuts }: Wrapping, context: FunctionContext): string {
  const size = Math.max(1, width);
  context.budget.text(text.length * (1 + (cuts ? Math.ceil(glue.length / size) : glue.length)));
  const lines: string[] = [];
  let at = 0;
  while (text.length - at > size) {
    if (text[at] === " ") {
      at++;
      continue;
    }
    const blank = text.slice(at, at + size + 1).lastIndexOf(" ");
    const end = blank >= 0 ? at + blank : cuts ? at + size : text.indexOf(" ", at + size);
    if (end < 0) break;
    lines.push(text.slice(at, end));
    at = end + (blank < 0 && cuts ? 0 : 1);
  }
  return [...lines, text.slice(at)].join(glue);
}

const indented = (spaces: number, text: string, context: FunctionContext): string => {
  const pad = repeatText(" ", Math.max(0, spaces), context);
  context.budget.text(text.length + pad.length * text.split("\n").length);
  return pad + text.replaceAll("\n", `\n${pad}`);
};

/** A list of texts with what is empty in Go's sense kept: sprig's strslice drops only nil. */
const texts = (value: unknown): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => item !== null && item !== undefined).map(str);

export const textFunctions: Readonly<Record<string, LanguageFunction>> = {
  abbrev: ([width, text]) => abbreviated(0, int(width), str(text)),
  abbrevboth: ([left, right, text]) => abbreviated(int(left), int(right), str(text)),
  trunc: ([size, text]) => truncated(int(size), str(text)),
  trim: ([text]) => trimText(str(text), undefined, true, true),
  trimAll: ([cut, text]) => trimText(str(text), str(cut), true, true),
  trimall: ([cut, text]) => trimText(str(text), str(cut), true, true),
  trimSuffix: ([end, text]) =>
    str(end) !== "" && str(text).endsWith(str(end)) ? str(text).slice(0, -str(end).length) : str(text),
  trimPrefix: ([start, text]) =>
    str(text).startsWith(str(start)) ? str(text).slice(str(start).length) : str(text),
  upper: ([text]) => upperText(str(text)),
  lower: ([text]) => lowerText(str(text)),
  title: ([text]) => title(str(text)),
  untitle: ([text]) => str(text).replace(/(^|\s)(\S)/g, (_, before, letter) => before + letter.toLowerCase()),
  substr: ([from, to, text]) => substring(int(from), int(to), str(text)),
  repeat: ([count, text], context) => repeatText(str(text), int(count), context),
  nospace: ([text]) => str(text).replace(/\s+/g, ""),
  initials: ([text]) => (str(text).match(/\S+/g) ?? []).map((word) => word[0]).join(""),
  swapcase: ([text]) =>
    [...str(text)].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join(""),
  camelcase: ([text]) => camelCase(str(text)),
  kebabcase: ([text]) => delimitedCase(str(text), "-"),
  snakecase: ([text]) => delimitedCase(str(text), "_"),
  wrap: ([width, text], context) =>
    wrapped(str(text), { width: int(width), glue: "\n", cuts: false }, context),
  wrapWith: ([width, glue, text], context) =>
    wrapped(str(text), { width: int(width), glue: str(glue), cuts: true }, context),
  contains: ([part, text]) => str(text).includes(str(part)),
  hasPrefix: ([start, text]) => str(text).startsWith(str(start)),
  hasSuffix: ([end, text]) => str(text).endsWith(str(end)),
  quote: (args) =>
    texts(args)
      .map((text) => JSON.stringify(text))
      .join(" "),
  squote: (args) =>
    texts(args)
      .map((text) => `'${text}'`)
      .join(" "),
  cat: (args) => texts(args).join(" "),
  indent: ([spaces, text], context) => indented(int(spaces), str(text), context),
  nindent: ([spaces, text], context) => `\n${indented(int(spaces), str(text), context)}`,
  replace: ([from, to, text], context) => replaceText(str(text), str(from), str(to), -1, context),
  plural: ([one, many, count]) => (int(count) === 1 ? one : many),
  join: ([glue, items], context) => joinTexts(texts(items), str(glue), context),
  splitList: ([separator, text]) => splitText(str(text), str(separator), -1, false),
  split: ([separator, text]) => numbered(splitText(str(text), str(separator), -1, false)),
  splitn: ([separator, count, text]) => numbered(splitText(str(text), str(separator), int(count), false)),
  sortAlpha: ([items]) => texts(items).toSorted(),
  toString: ([value]: readonly unknown[], { budget }: FunctionContext) => formatPlain(value, budget),
  toStrings: ([items]) => texts(items),
  print: (args) => args.map(str).join(" "),
  durationRound: (args) => roundedDuration(args[0]),
  regexMatch: ([pattern, text], { budget }) => matches(str(pattern), str(text), budget),
  mustRegexMatch: ([pattern, text], { budget }) => cachedRegex(str(pattern), budget).test(str(text)),
  regexFind: ([pattern, text], { budget }) => cachedRegex(str(pattern), budget).find(str(text))?.[0] ?? "",
  regexFindAll: ([pattern, text, count], { budget }) =>
    cachedRegex(str(pattern), budget).findAll(str(text), int(count)),
  regexReplaceAll: ([pattern, text, to], context) =>
    replacedAll(pattern, text, to, { context, literal: false }),
  regexReplaceAllLiteral: ([pattern, text, to], context) =>
    replacedAll(pattern, text, to, { context, literal: true }),
  regexSplit: ([pattern, text, count], { budget }) =>
    cachedRegex(str(pattern), budget).split(str(text), int(count)),
  regexQuoteMeta: ([text]) => str(text).replace(/[\\.+*?()|[\]{}^$]/g, "\\$&"),
};

/** A wrong pattern matches nothing; `mustRegexMatch` says so. */
function matches(pattern: string, text: string, budget: FunctionContext["budget"]): boolean {
  try {
    return cachedRegex(pattern, budget).test(text);
  } catch (error) {
    if (hasCode(error, "EXPR_REGEX")) return false;
    throw error;
  }
}

function replacedAll(
  pattern: unknown,
  text: unknown,
  to: unknown,
  { context, literal }: { readonly context: FunctionContext; readonly literal: boolean },
): string {
  // Every position may match the empty text: the most that a replacement can grow to is bounded first.
  context.budget.text((str(text).length + 1) * (str(to).length + 1));
  return cachedRegex(str(pattern), context.budget).replaceAll(str(text), str(to), literal);
}

/** Sprig's split gives a dict `_0`, `_1`, … */
const numbered = (parts: readonly string[]) =>
  makeMapping(parts.map((part, index) => [`_${index}`, part] as const));

/** The greatest unit of a duration: of a GoDuration, nanoseconds, or a text like 2h10m5s; what is none of them is 0s. */
function roundedDuration(value: unknown): string {
  const ns =
    value instanceof GoDuration
      ? value.ns
      : typeof value === "number"
        ? value
        : (parseGoDuration(str(value)) ?? 0) * 1e6;
  const seconds = Math.abs(ns / 1e9);
  const units = [
    ["y", 31_536_000],
    ["mo", 2_592_000],
    ["d", 86_400],
    ["h", 3_600],
    ["m", 60],
    ["s", 1],
  ] as const;
  const unit = units.find(([, size]) => seconds >= size);
  return unit === undefined ? "0s" : `${Math.floor(seconds / unit[1])}${unit[0]}`;
}
