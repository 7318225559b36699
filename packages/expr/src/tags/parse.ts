import { ExprError } from "../errors.ts";
import { ExpressionEnds } from "./expression-end.ts";

/** A template text in pieces. Offsets are into the whole text; `end` is after the closing braces. */
export type TemplatePart =
  | { readonly kind: "text"; readonly text: string }
  | {
      readonly kind: "simple";
      /** What stands between the braces; more than one text when tags are nested in it. */
      readonly inner: readonly TemplatePart[];
      readonly start: number;
      readonly end: number;
    }
  | {
      readonly kind: "expression";
      /** The expression's text, without `{{=` and `}}`. */
      readonly text: string;
      readonly start: number;
      readonly end: number;
    };

export interface ParsedTemplate {
  readonly text: string;
  readonly parts: readonly TemplatePart[];
}

/** Longest template text, in characters. */
export const maxTemplateLength = 4_194_304;
const maxTagDepth = 16;

interface Open {
  readonly start: number;
  readonly parts: TemplatePart[];
}

interface Opening {
  readonly at: number;
  readonly opens: number;
  /** The next `}}` at or after `at`, or -1. */
  readonly closes: number;
  readonly ends: ExpressionEnds;
}

/**
 * Splits a text into literal text and `{{ key }}` / `{{= expr }}` tags. Never fails on odd braces: what is not closed
 * is text, and so are the outermost of more than 16 nested openings. Errors: EXPR_LIMIT for a text that is too long.
 */
export function parseTemplate(text: string): ParsedTemplate {
  if (text.length > maxTemplateLength)
    throw ExprError.LIMIT({ language: "tags", what: "characters of template", max: maxTemplateLength });
  const stack: Open[] = [{ start: 0, parts: [] }];
  const ends = new ExpressionEnds(text);
  let at = 0;
  let closes = text.indexOf("}}");
  while (at < text.length) {
    const opens = text.indexOf("{{", at);
    // Looked for once per closing, not once per opening: many openings before one closing stay linear.
    if (closes >= 0 && closes < at) closes = text.indexOf("}}", at);
    if (stack.length > 1 && closes >= 0 && (opens < 0 || closes < opens))
      at = closeTag(text, stack, at, closes);
    else if (opens >= 0) at = openTag(text, stack, { at, opens, closes, ends });
    else break;
  }
  appendText(stack, text.slice(at));
  while (stack.length > 1) unwind(stack, stack.length - 1);
  return { text, parts: stack[0]?.parts ?? [] };
}

function openTag(text: string, stack: Open[], { at, opens, closes, ends }: Opening): number {
  if (text[opens + 2] === "=") {
    const nearest = closes < 0 || closes > opens + 2 ? closes : text.indexOf("}}", opens + 3);
    const end = ends.endFrom(opens + 3, nearest);
    if (end >= 0) {
      appendText(stack, text.slice(at, opens));
      const part = {
        kind: "expression",
        text: text.slice(opens + 3, end),
        start: opens,
        end: end + 2,
      } as const;
      stack.at(-1)?.parts.push(part);
      return end + 2;
    }
  }
  // Of `{{{x}}` the last two braces open the tag, as the innermost match does.
  let start = opens;
  while (text[start + 2] === "{") start++;
  appendText(stack, text.slice(at, start));
  if (stack.length > maxTagDepth) unwind(stack, 1);
  stack.push({ start, parts: [] });
  return start + 2;
}

function closeTag(text: string, stack: Open[], at: number, closes: number): number {
  appendText(stack, text.slice(at, closes));
  const open = stack.pop();
  if (open !== undefined)
    stack.at(-1)?.parts.push({ kind: "simple", inner: open.parts, start: open.start, end: closes + 2 });
  return closes + 2;
}

/** An opening that is never closed was text after all; the tags inside it stay tags. */
function unwind(stack: Open[], index: number): void {
  const [open] = stack.splice(index, 1);
  const below = stack[index - 1];
  if (open === undefined || below === undefined) return;
  appendPart(below.parts, "{{");
  for (const part of open.parts) {
    if (part.kind === "text") appendPart(below.parts, part.text);
    else below.parts.push(part);
  }
}

const appendText = (stack: readonly Open[], text: string): void => {
  const parts = stack.at(-1)?.parts;
  if (parts !== undefined) appendPart(parts, text);
};

function appendPart(parts: TemplatePart[], text: string): void {
  if (text === "") return;
  const last = parts.at(-1);
  if (last?.kind === "text") parts[parts.length - 1] = { kind: "text", text: last.text + text };
  else parts.push({ kind: "text", text });
}
