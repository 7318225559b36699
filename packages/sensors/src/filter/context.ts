import type { ContextFilter, FilterCheck } from "@sluice/spec";
import { contextOf } from "../parameters/context.ts";
import type { CompiledTest } from "./verdict.ts";

const attributes = ["type", "subject", "source", "datacontenttype", "id", "specversion", "time"] as const;

/** Exact comparison of each attribute that the filter names; an empty text asks nothing. */
export function compileContext(filter: ContextFilter): CompiledTest[] {
  return attributes.flatMap((name) => {
    const right = filter[name];
    if (right === undefined || right === "") return [];
    return [
      (event): FilterCheck => {
        const left = contextOf(event)[name];
        return { filter: "context", subject: name, left, operator: "=", right, passed: left === right };
      },
    ];
  });
}
