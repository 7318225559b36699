import { ExprError } from "../errors.ts";
import { clip, positionAt, SourceText } from "../position.ts";
import { listTags, type Tag } from "../tags/list.ts";
import { parseTemplate, type TemplatePart } from "../tags/parse.ts";
import { type RenderOptions, type ResolveTag, renderParsed, renderTemplate } from "../tags/render.ts";
import { compileWhen, evaluateWhen, parseWhen, type WhenVerdict } from "./when.ts";

export interface WhenOptions extends RenderOptions {
  /**
   * Substitutes the tags' values into the text before it is parsed, as Argo does, so that a value may bring operators.
   * Only for values that are trusted as code is. Default: false.
   */
  readonly expressionsInValues?: boolean | undefined;
}

/** A `when` with its tags as operands: whatever a value holds, it stays one value. */
export interface CompiledWhenTemplate {
  readonly text: string;
  /** Every tag, for linting. */
  readonly tags: readonly Tag[];
  /**
   * Whether the step runs, what was compared, and `rendered`, the text with its values, to be shown. Empty = it runs.
   * Errors: those of rendering tags, EXPR_WHEN_INVALID for a tag without a value, and those of `CompiledWhen`.
   */
  evaluate(resolve: ResolveTag, options?: WhenOptions): WhenVerdict & { readonly rendered: string };
}

/**
 * Compiles a `when` as it is written. A tag outside quotes is a number or a boolean where its value reads as one, else a
 * text; inside quotes it is a part of the text; glued to letters, digits, `_`, `.` or `-` it is a part of that word.
 * Errors: EXPR_WHEN_INVALID with the place in `text`, EXPR_LIMIT.
 */
export function compileWhenTemplate(text: string, options: WhenOptions = {}): CompiledWhenTemplate {
  const tags = listTags(text);
  const textual = (resolve: ResolveTag, given: WhenOptions) =>
    evaluateText(renderTemplate(text, resolve, given));
  // Before the values are known nothing can be said about a text that they may make whole.
  if (options.expressionsInValues === true)
    return { text, tags, evaluate: (resolve, given = {}) => textual(resolve, given) };
  const source = new SourceText("when", text);
  const { parts } = parseTemplate(text);
  const spans = parts.filter((part) => part.kind !== "text");
  const tree = text.trim() === "" ? undefined : parseWhen(source, spans);
  return {
    text,
    tags,
    evaluate: (resolve, given = {}) => {
      if (given.expressionsInValues === true) return textual(resolve, given);
      const values = spans.map((span) => tagText(source, span, resolve, given));
      const rendered = joined(parts, values);
      if (tree === undefined || rendered.trim() === "") return { value: true, comparisons: [], rendered };
      return { ...evaluateWhen({ source, tree, rendered, tag: (index) => values[index] ?? "" }), rendered };
    },
  };
}

function evaluateText(rendered: string): WhenVerdict & { readonly rendered: string } {
  if (rendered.trim() === "") return { value: true, comparisons: [], rendered };
  return { ...compileWhen(rendered).evaluate(), rendered };
}

type TagPart = TemplatePart & { readonly kind: "simple" | "expression" };

/** A tag's text. One that has no value and need not have any is no operand: braces are no token of this language. */
function tagText(source: SourceText, part: TagPart, resolve: ResolveTag, options: WhenOptions): string {
  let open = part.kind === "expression" && options.expression === undefined;
  const value = renderParsed({ text: source.text, parts: [part] }, resolve, {
    ...options,
    onUnresolved: (key) => {
      open = true;
      options.onUnresolved?.(key);
    },
  });
  if (!open) return value;
  const tag = source.text.slice(part.start, part.end);
  const { line, column, offset } = positionAt(source.text, part.start);
  throw ExprError.WHEN_INVALID({
    text: clip(source.text),
    reason: `no value for ${tag}`,
    line,
    column,
    offset,
  });
}

function joined(parts: readonly TemplatePart[], values: readonly string[]): string {
  let next = 0;
  return parts.map((part) => (part.kind === "text" ? part.text : (values[next++] ?? ""))).join("");
}
