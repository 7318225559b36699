import { fault } from "../../fault.ts";
import type { FunctionContext } from "../context.ts";

/** A JSON text within the budget. Errors: a fault for any other text. */
export function parseJson(text: string, context: FunctionContext): unknown {
  context.budget.text(text.length);
  try {
    return JSON.parse(text);
  } catch (cause) {
    return fault(`the text is not JSON: ${cause instanceof Error ? cause.message : ""}`);
  }
}
