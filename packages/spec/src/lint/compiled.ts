import { isAppError } from "@sluice/base";
import type { IssueSink, Path } from "../issue.ts";

/** What `compile` gives; when it throws a coded error that becomes an issue at `path`, with its own hint. */
export function compiled<T>(
  sink: IssueSink,
  path: Path,
  compile: () => T,
  severity: "error" | "warning" = "error",
): T | undefined {
  try {
    return compile();
  } catch (error) {
    if (!isAppError(error)) throw error;
    const words = { message: error.message, hint: error.hint };
    if (severity === "error") sink.error("SPEC_EXPRESSION", path, words);
    else sink.warn("SPEC_EXPRESSION", path, words);
    return undefined;
  }
}
