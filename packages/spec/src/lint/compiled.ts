import { isAppError } from "@sluice/base";
import type { IssueSink, Path } from "../issue.ts";

/** An expression and where it stands. */
export interface PlacedExpression {
  readonly text: string;
  readonly path: Path;
  /** Default: error. */
  readonly severity?: "error" | "warning";
}

/** What `compile` gives; when it throws a coded error that becomes an issue at its place in the text, with its hint. */
export function compiled<T>(sink: IssueSink, at: PlacedExpression, compile: () => T): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!isAppError(error)) throw error;
    const { offset } = error.details;
    const words = {
      message: error.message,
      hint: error.hint,
      text: at.text,
      ...(typeof offset === "number" ? { offset } : {}),
    };
    if (at.severity === "warning") sink.warn("SPEC_EXPRESSION", at.path, words);
    else sink.error("SPEC_EXPRESSION", at.path, words);
    return undefined;
  }
}
