import type { Dependency, StoredEvent } from "@sluice/spec";
import type { SensorIssue } from "../errors.ts";
import { compileContext } from "./context.ts";
import { compileData } from "./data.ts";
import { compileExpr } from "./exprs.ts";
import { compileTime } from "./time.ts";
import { type CompiledTest, judge, type TestGroup, type Verdict } from "./verdict.ts";

const operatorOf = (text: string | undefined): "and" | "or" => (text === "or" ? "or" : "and");

/** Makes a dependency's filters ready. What is wrong with them goes to `issues`; the result is then not to be used. */
export function compileFilters(
  dependency: Dependency,
  path: string,
  issues: SensorIssue[],
): (event: StoredEvent) => Verdict {
  const { filters } = dependency;
  if (filters === undefined) return () => ({ passed: true, checks: [] });
  const present = (test: CompiledTest | undefined): CompiledTest[] => (test === undefined ? [] : [test]);
  const groups: TestGroup[] = [];
  const add = (operator: "and" | "or", tests: readonly CompiledTest[]) => {
    if (tests.length > 0) groups.push({ operator, tests });
  };
  add(
    operatorOf(filters.exprLogicalOperator),
    (filters.exprs ?? []).flatMap((f, i) => present(compileExpr(f, `${path}.exprs[${i}]`, issues))),
  );
  add(
    operatorOf(filters.dataLogicalOperator),
    (filters.data ?? []).flatMap((f, i) => present(compileData(f, `${path}.data[${i}]`, issues))),
  );
  add("and", filters.context === undefined ? [] : compileContext(filters.context));
  add("and", filters.time === undefined ? [] : present(compileTime(filters.time, `${path}.time`, issues)));
  if (filters.script !== undefined && filters.script !== "")
    issues.push({
      path: `${path}.script`,
      message: "script filters are not supported yet: use data or exprs",
    });
  const operator = operatorOf(dependency.filtersLogicalOperator);
  return (event) => judge(groups, operator, event);
}
