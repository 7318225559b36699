import { getPath } from "@sluice/expr";
import type { IssueSink, Path } from "../issue.ts";
import { compiled } from "./compiled.ts";
import type { PlacedText, Tag } from "./tags.ts";

/** The tags of a text. */
export function listTagsOf(_sink: IssueSink, { text }: PlacedText): readonly Tag[] {
  const tags: Tag[] = [];
  for (const match of text.matchAll(/\{\{([^{}]*)\}\}/g)) {
    const inner = match[1] ?? "";
    if (inner.startsWith("=")) tags.push({ kind: "expression", text: inner.slice(1), raw: match[0] });
    else tags.push({ kind: "simple", text: inner.trim(), raw: match[0] });
  }
  return tags;
}

/** A gjson path that can be followed. */
export function lintGjson(sink: IssueSink, path: string, at: Path): void {
  compiled(sink, at, () => getPath({}, path));
}

/** A Go template that compiles. */
export function lintGoTemplate(_sink: IssueSink, _text: string, _at: Path): void {}
