import { joinTexts, repeatText, replaceText, splitText, trimText } from "../exprlang/builtins/strings.ts";
import type { FunctionContext, LanguageFunction } from "../exprlang/context.ts";
import { cachedRegex } from "../exprlang/operators.ts";
import { fault } from "../fault.ts";
import { GoDuration } from "../time/go-time.ts";
import { makeMapping, typeName } from "../values.ts";
import { int, list, str } from "./cast.ts";

const title = (text: string): string =>
  text.replace(/(^|[^\p{L}\p{N}'_])(\p{L})/gu, (_, before, letter) => before + letter.toUpperCase());

const words = (text: string): readonly string[] =>
  text
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2")
    .split(/[\s_\-.]+/)
    .filter((word) => word !== "");

const capital = (word: string): string => (word[0] ?? "").toUpperCase() + word.slice(1);

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

function wrapped(text: string, width: number, glue: string, context: FunctionContext): string {
  context.budget.text(text.length * (1 + glue.length));
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join(glue);
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
  upper: ([text]) => str(text).toUpperCase(),
  lower: ([text]) => str(text).toLowerCase(),
  title: ([text]) => title(str(text)),
  untitle: ([text]) => str(text).replace(/(^|\s)(\S)/g, (_, before, letter) => before + letter.toLowerCase()),
  substr: ([from, to, text]) => substring(int(from), int(to), str(text)),
  repeat: ([count, text], context) => repeatText(str(text), int(count), context),
  nospace: ([text]) => str(text).replace(/\s+/g, ""),
  initials: ([text]) => (str(text).match(/\S+/g) ?? []).map((word) => word[0]).join(""),
  swapcase: ([text]) =>
    [...str(text)].map((c) => (c === c.toUpperCase() ? c.toLowerCase() : c.toUpperCase())).join(""),
  camelcase: ([text]) =>
    words(str(text))
      .map((word) => capital(word.toLowerCase()))
      .join(""),
  kebabcase: ([text]) => words(str(text)).join("-").toLowerCase(),
  snakecase: ([text]) => words(str(text)).join("_").toLowerCase(),
  wrap: ([width, text], context) => wrapped(str(text), int(width), "\n", context),
  wrapWith: ([width, glue, text], context) => wrapped(str(text), int(width), str(glue), context),
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
  toString: (args: readonly unknown[]) => str(args[0]),
  toStrings: ([items]) => list(items).map(str),
  print: (args) => args.map(str).join(" "),
  durationRound: (args) => roundedDuration(args[0]),
  regexMatch: ([pattern, text], { budget }) => cachedRegex(str(pattern), budget).test(str(text)),
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

function roundedDuration(value: unknown): string {
  if (!(value instanceof GoDuration) && typeof value !== "number")
    return fault(`a duration is wanted, came ${typeName(value)}`);
  const seconds = Math.abs((value instanceof GoDuration ? value.ns : value) / 1e9);
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
