import { listArgument, textArgument, wholeArgument } from "../../arguments.ts";
import { fault } from "../../fault.ts";
import { characterIndex, typeName } from "../../values.ts";
import type { FunctionContext, LanguageFunction } from "../context.ts";

/** Removes the characters of `cutset` (white space by default) from the ends that are asked for. */
export function trimText(text: string, cutset: string | undefined, start: boolean, end: boolean): string {
  const cut = (character: string | undefined): boolean =>
    character !== undefined && (cutset === undefined ? /\s/.test(character) : cutset.includes(character));
  let from = 0;
  let to = text.length;
  while (start && from < to && cut(text[from])) from++;
  while (end && to > from && cut(text[to - 1])) to--;
  return text.slice(from, to);
}

export function replaceText(
  text: string,
  from: string,
  to: string,
  limit: number,
  context: FunctionContext,
): string {
  context.budget.text(text.length);
  const parts = from === "" ? ["", ...text, ""] : text.split(from);
  const count = limit < 0 ? parts.length - 1 : Math.min(limit, parts.length - 1);
  context.budget.text(text.length + Math.max(0, to.length - from.length) * count);
  return (
    parts.slice(0, count + 1).join(to) +
    parts
      .slice(count + 1)
      .map((part) => from + part)
      .join("")
  );
}

export function repeatText(text: string, count: number, context: FunctionContext): string {
  if (count < 0) fault("a repeat count may not be negative");
  context.budget.text(text.length * count);
  return text.repeat(count);
}

/** Go's strings.SplitN / SplitAfterN. */
export function splitText(text: string, separator: string, limit: number, after: boolean): readonly string[] {
  if (limit === 0) return [];
  const parts = separator === "" ? [...text] : text.split(separator);
  const most = limit < 0 || limit >= parts.length ? parts.length : limit;
  const heads = parts.slice(0, most - 1);
  const tail = parts.slice(most - 1).join(separator);
  return [...(after ? heads.map((head) => head + separator) : heads), tail];
}

export function joinTexts(items: readonly unknown[], glue: string, context: FunctionContext): string {
  let length = 0;
  for (const item of items) {
    if (typeof item !== "string") fault(`cannot join a ${typeName(item)}, only strings`);
    length += String(item).length + glue.length;
  }
  context.budget.text(length);
  return items.join(glue);
}

/** Letter by letter, as Go does: none becomes two (ß stays), and what stands around it does not matter. */
const mapped =
  (of: (letter: string) => string) =>
  (text: string): string =>
    /^[\0-\x7f]*$/.test(text)
      ? of(text)
      : Array.from(text, (letter) => ([...of(letter)].length === 1 ? of(letter) : letter)).join("");
export const upperText = mapped((letter) => letter.toUpperCase());
export const lowerText = mapped((letter) => letter.toLowerCase());

const trimming =
  (name: string, start: boolean, end: boolean): LanguageFunction =>
  (args) =>
    trimText(
      textArgument(args, 0, name),
      args.length > 1 ? textArgument(args, 1, name) : undefined,
      start,
      end,
    );

export const stringBuiltins: Readonly<Record<string, LanguageFunction>> = {
  trim: trimming("trim", true, true),
  trimPrefix: (args) => {
    const text = textArgument(args, 0, "trimPrefix");
    const prefix = args.length > 1 ? textArgument(args, 1, "trimPrefix") : " ";
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  },
  trimSuffix: (args) => {
    const text = textArgument(args, 0, "trimSuffix");
    const suffix = args.length > 1 ? textArgument(args, 1, "trimSuffix") : " ";
    return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  },
  upper: (args) => upperText(textArgument(args, 0, "upper")),
  lower: (args) => lowerText(textArgument(args, 0, "lower")),
  split: (args) => splitArguments(args, "split", false),
  splitAfter: (args) => splitArguments(args, "splitAfter", true),
  splitN: (args) => splitArguments(args, "splitN", false),
  splitAfterN: (args) => splitArguments(args, "splitAfterN", true),
  replace: (args, context) =>
    replaceText(
      textArgument(args, 0, "replace"),
      textArgument(args, 1, "replace"),
      textArgument(args, 2, "replace"),
      args.length > 3 ? wholeArgument(args, 3, "replace") : -1,
      context,
    ),
  repeat: (args, context) =>
    repeatText(textArgument(args, 0, "repeat"), wholeArgument(args, 1, "repeat"), context),
  join: (args, context) =>
    joinTexts(listArgument(args, 0, "join"), args.length > 1 ? textArgument(args, 1, "join") : "", context),
  indexOf: (args) => {
    const text = textArgument(args, 0, "indexOf");
    return characterIndex(text, text.indexOf(textArgument(args, 1, "indexOf")));
  },
  lastIndexOf: (args) => {
    const text = textArgument(args, 0, "lastIndexOf");
    return characterIndex(text, text.lastIndexOf(textArgument(args, 1, "lastIndexOf")));
  },
  hasPrefix: (args) => textArgument(args, 0, "hasPrefix").startsWith(textArgument(args, 1, "hasPrefix")),
  hasSuffix: (args) => textArgument(args, 0, "hasSuffix").endsWith(textArgument(args, 1, "hasSuffix")),
};

const splitArguments = (args: readonly unknown[], name: string, after: boolean): readonly string[] =>
  splitText(
    textArgument(args, 0, name),
    textArgument(args, 1, name),
    args.length > 2 ? wholeArgument(args, 2, name) : -1,
    after,
  );
