import type { CloudEvent, FilterCheck } from "@sluice/spec";
import { SourceError } from "./errors.ts";

/** Whether an event passes the EventSource's own filter, with what was looked at. */
export type SourceFilter = (event: CloudEvent) => FilterCheck;

/** Compiles `filter.expression`. Errors: SOURCE_FILTER_INVALID. */
export function compileFilter(expression: string | undefined): SourceFilter | undefined {
  if (expression === undefined) return undefined;
  throw SourceError.FILTER_INVALID({ expression, reason: "expressions are not there yet" });
}
