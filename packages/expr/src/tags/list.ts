import { parseTemplate, type TemplatePart } from "./parse.ts";

/** One tag of a text; offsets are into the text, `end` is after the braces. */
export interface Tag {
  readonly kind: "simple" | "expression";
  /** The trimmed key or expression; nested tags are shown as written. */
  readonly text: string;
  readonly start: number;
  readonly end: number;
  /** Whether the key is made with the values of other tags and so is not known beforehand. */
  readonly dynamic: boolean;
}

/** Every tag of a text, outer before inner, in order. */
export function listTags(text: string): readonly Tag[] {
  return text.includes("{{") ? tagsOf(text, parseTemplate(text).parts) : [];
}

function tagsOf(source: string, parts: readonly TemplatePart[]): readonly Tag[] {
  return parts.flatMap((part): readonly Tag[] => {
    if (part.kind === "text") return [];
    const { kind, start, end } = part;
    if (kind === "expression") return [{ kind, text: part.text.trim(), start, end, dynamic: false }];
    const inner = tagsOf(source, part.inner);
    const text = source.slice(start + 2, end - 2).trim();
    return [{ kind, text, start, end, dynamic: inner.length > 0 }, ...inner];
  });
}
