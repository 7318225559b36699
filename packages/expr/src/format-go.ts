import { Budget } from "./budget.ts";
import { Fault } from "./fault.ts";
import { SourceText } from "./position.ts";
import { sprintf } from "./printf.ts";

/** Go's fmt.Sprintf, as `withSequence.format` uses it (`testuser%02X`). Errors: EXPR_EVALUATION, EXPR_LIMIT. */
export function formatGo(format: string, args: readonly unknown[]): string {
  const source = new SourceText("printf", format);
  try {
    return sprintf(format, args, new Budget("printf"));
  } catch (error) {
    if (error instanceof Fault) throw source.evaluation(error.message, 0);
    throw error;
  }
}
