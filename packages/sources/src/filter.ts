import { isObject, messageOf } from "@sluice/base";
import { compileExpr, evaluateExpr, expandKeys } from "@sluice/expr";
import type { CloudEvent, FilterCheck } from "@sluice/spec";
import { SourceError } from "./errors.ts";

/** Whether an event passes the EventSource's own filter, with what was looked at. */
export type SourceFilter = (event: CloudEvent) => FilterCheck;

/**
 * Compiles `filter.expression`: an expr-lang expression over the event's data. As in Argo, the keys of the data are
 * the names, with `-` written `_`, and a key with dots is a path. An expression that cannot be evaluated, or gives no
 * boolean, lets nothing through, and the check says why. Errors: SOURCE_FILTER_INVALID.
 */
export function compileFilter(expression: string | undefined): SourceFilter | undefined {
  if (expression === undefined) return undefined;
  const compiled = compiledOf(expression);
  const check = { filter: "source", subject: expression, operator: "is", right: true } as const;
  return (event) => {
    if (!isObject(event.data))
      return { ...check, passed: false, error: "the event's data is no JSON object" };
    try {
      const result = evaluateExpr(compiled, { variables: variablesOf(event.data) });
      if (typeof result === "boolean") return { ...check, left: result, passed: result };
      return { ...check, passed: false, error: `the expression gave no boolean but ${kindOf(result)}` };
    } catch (error) {
      return { ...check, passed: false, error: messageOf(error) };
    }
  };
}

function compiledOf(expression: string) {
  try {
    return compileExpr(expression);
  } catch (error) {
    throw SourceError.FILTER_INVALID({ expression, reason: messageOf(error) }, error);
  }
}

const kindOf = (value: unknown): string =>
  value === null ? "nothing" : Array.isArray(value) ? "a list" : `a ${typeof value}`;

const variablesOf = (data: Record<string, unknown>): Record<string, unknown> =>
  expandKeys(
    Object.fromEntries(Object.entries(data).map(([key, value]) => [key.replaceAll("-", "_"), value])),
  );
