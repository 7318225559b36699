// A YAML text with data in it. It is parsed with marks in the place of its tags, and only then do the values come in:
// each stays inside the place where its tag stands, whatever is in it.
import { isForbiddenKey, isObject, type Json } from "@sluice/base";
import { fromYaml } from "./plain.ts";

/** A text in which `{{name}}` stands for the value of that name in `tags`. */
export interface TextWithData {
  readonly text: string;
  readonly tags: Readonly<Record<string, string>>;
}

const mark = (index: number, isQuoted: boolean): string =>
  `sluice-${isQuoted ? "text" : "value"}-${index}-mark`;
const marks = /sluice-(text|value)-(\d+)-mark/g;

/**
 * The text's one document with its values in it; `what` names it in messages. A value that stands alone and without
 * quotes is what YAML reads in it: a number, a list, a map, or a text. Errors: SPEC_INVALID for what is no YAML.
 */
export function composeYaml({ text, tags }: TextWithData, what: string): Json {
  const values: string[] = [];
  const marked = text.replace(/(["']?)\{\{(_value\d+)\}\}/g, (all, quote: string, name: string) => {
    const value = Object.hasOwn(tags, name) ? tags[name] : undefined;
    if (value === undefined) return all;
    values.push(value);
    return `${quote}${mark(values.length - 1, quote !== "")}`;
  });
  return filled(fromYaml(marked, what), values);
}

function filled(value: Json, values: readonly string[]): Json {
  if (typeof value === "string") return textOf(value, values);
  if (Array.isArray(value)) return value.map((inner) => filled(inner, values));
  if (!isObject(value)) return value;
  const made: Record<string, Json> = {};
  for (const [key, inner] of Object.entries(value)) {
    const name = replaced(key, values);
    if (!isForbiddenKey(name)) made[name] = filled(inner as Json, values);
  }
  return made;
}

const replaced = (text: string, values: readonly string[]): string =>
  text.replaceAll(marks, (_, __, index: string) => values[Number(index)] ?? "");

function textOf(text: string, values: readonly string[]): Json {
  const alone = /^sluice-value-(\d+)-mark$/.exec(text);
  const value = alone === null ? undefined : values[Number(alone[1])];
  if (value === undefined) return replaced(text, values);
  try {
    return fromYaml(value, "value") ?? value;
  } catch {
    return value;
  }
}
