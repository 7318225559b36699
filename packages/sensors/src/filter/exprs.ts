import { type Json, messageOf } from "@sluice/base";
import { compileGovaluate, getPath } from "@sluice/expr";
import type { ExprFilter, FilterCheck } from "@sluice/spec";
import type { SensorIssue } from "../errors.ts";
import { type CompiledTest, shown } from "./verdict.ts";

/** A govaluate expression over named fields of the data. A missing field, a wrong type or no boolean: failed, with why. */
export function compileExpr(
  filter: ExprFilter,
  path: string,
  issues: SensorIssue[],
): CompiledTest | undefined {
  const fields = new Set(filter.fields.map((f) => f.name));
  let compiled: ReturnType<typeof compileGovaluate>;
  try {
    compiled = compileGovaluate(filter.expr);
  } catch (error) {
    issues.push({ path: `${path}.expr`, message: messageOf(error) });
    return undefined;
  }
  const head = { filter: "expr", subject: filter.expr, operator: "holds" } as const;
  return ({ event }): FilterCheck => {
    const values: [string, Json][] = [];
    for (const field of filter.fields) {
      const found =
        event.data === undefined ? undefined : safely(() => getPath(event.data as Json, field.path));
      if (typeof found === "string") return { ...head, left: left(values), passed: false, error: found };
      if (found?.value === undefined)
        return { ...head, left: left(values), passed: false, error: `path '${field.path}' does not exist` };
      values.push([field.name, found.value]);
    }
    // A null prototype: names come from the manifest, values from outside.
    const variables = Object.assign(Object.create(null), Object.fromEntries(values)) as Record<string, Json>;
    try {
      const { value: result } = compiled.evaluate(variables);
      if (typeof result === "boolean") return { ...head, left: left(values), passed: result };
      return {
        ...head,
        left: left(values),
        passed: false,
        error: `the result is ${typeof result}, not a boolean`,
      };
    } catch (error) {
      return { ...head, left: left(values), passed: false, error: messageOf(error) };
    }
  };

  function left(values: readonly (readonly [string, Json])[]): Json {
    return shown(Object.fromEntries(values.filter(([name]) => fields.has(name))));
  }
}

function safely<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return messageOf(error);
  }
}
