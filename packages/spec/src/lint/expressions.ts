import { compileExpr, compileWhen, getPath, listTags, type Tag } from "@sluice/expr";
import type { IssueSink, Path } from "../issue.ts";
import { compiled } from "./compiled.ts";

/** The tags of a text; a text with too many or too deep ones is an issue and has none. */
export const listTagsOf = (sink: IssueSink, text: string, at: Path): readonly Tag[] =>
  compiled(sink, at, () => listTags(text)) ?? [];

/** An expression that compiles; a simple tag inside it stands for some text. Returns the paths that it reads. */
export function lintExpr(sink: IssueSink, text: string, at: Path): readonly string[] {
  return compiled(sink, at, () => compileExpr(text, () => "0"))?.references ?? [];
}

/**
 * A `when` that compiles. Its tags are replaced by texts before it is read, so with tags in it a finding is a warning:
 * what they bring may make it whole.
 */
export function lintWhen(sink: IssueSink, text: string, at: Path): void {
  const tags = listTagsOf(sink, text, at);
  if (tags.some((tag) => tag.dynamic)) return;
  let plain = text;
  for (const tag of tags.toReversed()) {
    plain = `${plain.slice(0, tag.start)}x${plain.slice(tag.end)}`;
  }
  compiled(sink, at, () => compileWhen(plain), tags.length === 0 ? "error" : "warning");
}

/** A gjson path that can be followed. */
export function lintGjson(sink: IssueSink, path: string, at: Path): void {
  compiled(sink, at, () => getPath({}, path));
}
