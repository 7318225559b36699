import { isAppError } from "@sluice/base";
import { ExprError, type Position } from "../errors.ts";
import { clip, SourceText } from "../position.ts";
import { type Comparison, evaluateTree, show } from "./evaluate.ts";
import type { TagSpan } from "./lexer.ts";
import { type Node, parse } from "./parser.ts";

/** Whether the step runs, and what was compared. */
export interface WhenVerdict {
  readonly value: boolean;
  readonly comparisons: readonly Comparison[];
}

/** A workflow's `when`, after its tags were substituted. */
export interface CompiledWhen {
  readonly text: string;
  /**
   * Whether the step runs, and what was compared.
   * Errors: EXPR_NOT_BOOLEAN, EXPR_WHEN_FAILED, EXPR_REGEX, EXPR_LIMIT.
   */
  evaluate(): WhenVerdict;
}

/**
 * Compiles a `when`: bare words are texts (`heads == heads`), so there are no variables to give.
 * Errors: EXPR_WHEN_INVALID with the place.
 */
export function compileWhen(text: string): CompiledWhen {
  const source = new SourceText("when", text);
  const tree = parseWhen(source);
  return { text, evaluate: () => evaluateWhen({ source, tree, rendered: text }) };
}

/** Parses a `when`, with its tags at `tags`. Errors: EXPR_WHEN_INVALID with the place, EXPR_LIMIT. */
export function parseWhen(source: SourceText, tags: readonly TagSpan[] = []): Node {
  try {
    return parse(source, tags);
  } catch (error) {
    if (!isAppError(error) || error.code !== "EXPR_SYNTAX") throw error;
    const { reason, line, column, offset } = error.details as unknown as Position & { reason: string };
    throw ExprError.WHEN_INVALID({ text: clip(source.text), reason, line, column, offset }, error);
  }
}

export interface ParsedWhen {
  readonly source: SourceText;
  readonly tree: Node;
  /** The text that errors show: with the values of its tags. */
  readonly rendered: string;
  readonly tag?: (index: number) => string;
}

/** Errors: EXPR_NOT_BOOLEAN, EXPR_WHEN_FAILED, EXPR_REGEX, EXPR_LIMIT. */
export function evaluateWhen({ source, tree, rendered, tag }: ParsedWhen): WhenVerdict {
  const text = clip(rendered);
  const operands = { name: (name: string) => name, ...(tag === undefined ? {} : { tag }) };
  const { value, comparisons } = guarded(text, () => evaluateTree(source, tree, operands));
  if (typeof value !== "boolean") throw ExprError.NOT_BOOLEAN({ text, value: clip(show(value)) });
  return { value, comparisons };
}

function guarded<T>(text: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!isAppError(error) || error.code !== "EXPR_EVALUATION") throw error;
    throw ExprError.WHEN_FAILED({ text, reason: String(error.details["reason"]) }, error);
  }
}
