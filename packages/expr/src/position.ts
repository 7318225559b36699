import { ExprError, type Language, type Position } from "./errors.ts";

const clippedLength = 200;

/** What an error shows of a text from outside. */
export const clip = (text: string): string =>
  text.length <= clippedLength ? text : `${text.slice(0, clippedLength)}…`;

/** Line and column of an offset; an offset past the end is the end. */
export function positionAt(text: string, offset: number): Position {
  const end = Math.max(0, Math.min(offset, text.length));
  let line = 1;
  let lineStart = 0;
  for (let at = text.indexOf("\n"); at >= 0 && at < end; at = text.indexOf("\n", at + 1)) {
    line++;
    lineStart = at + 1;
  }
  return { line, column: end - lineStart + 1, offset: end };
}

/** One expression's text, as the origin of its errors. */
export class SourceText {
  readonly language: Language;
  readonly text: string;

  constructor(language: Language, text: string, maxLength = 65_536) {
    this.language = language;
    this.text = text;
    if (text.length > maxLength)
      throw ExprError.LIMIT({ language, what: "characters of expression text", max: maxLength });
  }

  syntax(reason: string, offset: number): Error {
    return ExprError.SYNTAX({ ...this.#at(offset), reason });
  }

  evaluation(reason: string, offset: number, cause?: unknown): Error {
    return ExprError.EVALUATION({ ...this.#at(offset), reason }, cause);
  }

  #at(offset: number) {
    return { language: this.language, text: clip(this.text), ...positionAt(this.text, offset) };
  }
}
