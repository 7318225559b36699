import type { Json } from "@sluice/base";
import type { DataFilter, Dependency, DependencyFilters } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import type { SensorIssue } from "../errors.ts";
import { aDependency, anEvent } from "../testing/index.ts";
import { compileFilters } from "./compile.ts";
import type { Verdict } from "./verdict.ts";

function judged(
  filters: DependencyFilters,
  data: Json | undefined,
  parts: Partial<Dependency> = {},
): Verdict {
  const issues: SensorIssue[] = [];
  const test = compileFilters(aDependency("task", { filters, ...parts }), "filters", issues);
  expect(issues).toEqual([]);
  return test(data === undefined ? anEvent() : anEvent({ data }));
}
function issuesOf(filters: DependencyFilters): readonly SensorIssue[] {
  const issues: SensorIssue[] = [];
  compileFilters(aDependency("task", { filters }), "filters", issues);
  return issues;
}
const data = (
  type: DataFilter["type"],
  value: string[],
  comparator?: DataFilter["comparator"],
): DataFilter => ({
  path: "v",
  type,
  value,
  ...(comparator === undefined ? {} : { comparator }),
});

describe("one data filter", () => {
  test.each<[string, DataFilter, Json, boolean, string?]>([
    ["a numeric text is a number", data("number", ["10"], ">"), "12", true],
    [
      "a text that is no number is an error, not 0",
      data("number", ["0"]),
      "abc",
      false,
      "'abc' is not a number",
    ],
    ["a map is no number", data("number", ["0"]), {}, false, "a map is not a number"],
    ["true is no number", data("number", ["1"]), true, false, "'true' is not a number"],
    ["one of several values is enough", data("number", ["1", "2"]), 2, true],
    ["none of several values may be equal", data("number", ["1", "2"], "!="), 2, false],
    ["an unanchored pattern is found inside", data("string", ["a.c"]), "xxabcxx", true],
    ["!= with several values: none matches", data("string", ["dev", "prod"], "!="), "dev", false],
    ["!= with several values: all differ", data("string", ["dev", "prod"], "!="), "stage", true],
    ["null is an empty text", data("string", ["^$"]), null, true],
    ["a map is its JSON text", data("string", ['"k":1']), { k: 1 }, true],
    ["a boolean text is a boolean", data("bool", ["true"]), "True", true],
    ["the bool comparator counts", data("bool", ["true"], "!="), false, true],
    ["'no' is no boolean", data("bool", ["false"]), "no", false, "'no' is not a boolean"],
    ["null is no boolean", data("bool", ["false"]), null, false, "null is not a boolean"],
  ])("%s", (_name, filter, value, passed, error) => {
    const verdict = judged({ data: [filter] }, { v: value });

    expect(verdict.passed).toBe(passed);
    expect(verdict.checks[0]?.error).toBe(error);
  });

  test("a missing path is a failed check that names it", () => {
    expect(judged({ data: [data("bool", ["false"])] }, {}).checks).toEqual([
      {
        filter: "data",
        subject: "v",
        operator: "=",
        right: "false",
        passed: false,
        error: "path 'v' does not exist",
      },
    ]);
  });

  test("shows left, operator and right of what it compared", () => {
    expect(judged({ data: [data("number", ["10"], ">=")] }, { v: 9 }).checks).toEqual([
      { filter: "data", subject: "v", left: 9, operator: ">=", right: "10", passed: false },
    ]);
  });

  test("cuts a long left value", () => {
    const [check] = judged({ data: [data("string", ["y"])] }, { v: "x".repeat(100_000) }).checks;

    expect(String(check?.left).length).toBeLessThan(1_100);
  });

  test("compares what its template makes of the value", () => {
    const filter = { ...data("string", ["^abc$"]), template: "{{ b64dec .Input }}" };

    expect(judged({ data: [filter] }, { v: "YWJj" }).checks).toMatchObject([{ left: "abc", passed: true }]);
    expect(
      judged({ data: [{ ...filter, template: "{{ if false }}x{{ end }}" }] }, { v: "YWJj" }).checks,
    ).toMatchObject([{ passed: false, error: "the template gave an empty text" }]);
    expect(issuesOf({ data: [{ ...filter, template: "{{ oops" }] })).toHaveLength(1);
  });

  test("is linear on a pattern that is exponential elsewhere", () => {
    expect(judged({ data: [data("string", ["^(a+)+$"])] }, { v: `${"a".repeat(50_000)}!` }).passed).toBe(
      false,
    );
  });

  test("takes gjson queries, and own keys only", () => {
    const query = { path: "items.#(id==3).name", type: "string", value: ["c"] } as const;
    const polluted = { path: "__proto__.x", type: "string", value: ["."] } as const;

    expect(judged({ data: [{ ...query, value: ["c"] }] }, { items: [{ id: 3, name: "c" }] }).passed).toBe(
      true,
    );
    expect(judged({ data: [{ ...polluted, value: ["."] }] }, { a: 1 }).passed).toBe(false);
  });
});

describe("what cannot work is said when the sensor is compiled", () => {
  test.each<[string, DependencyFilters, string]>([
    ["a number that is none", { data: [data("number", ["x"])] }, "filters.data[0].value[0]"],
    ["a broken pattern", { data: [data("string", ["("])] }, "filters.data[0].value[0]"],
    [
      "an order of texts, which never holds in Argo",
      { data: [data("string", ["a"], ">")] },
      "filters.data[0].value[0]",
    ],
    [
      "an expression without an end",
      { exprs: [{ expr: "a ==", fields: [{ path: "a", name: "a" }] }] },
      "filters.exprs[0].expr",
    ],
    ["a window without length", { time: { start: "01:00:00", stop: "01:00:00" } }, "filters.time"],
    [
      "a zone that is none",
      { time: { start: "01:00:00", stop: "02:00:00", timezone: "Mars/A" } },
      "filters.time.timezone",
    ],
    ["a script", { script: "return true" }, "filters.script"],
  ])("%s", (_name, filters, path) => {
    expect(issuesOf(filters).map((i) => i.path)).toContain(path);
  });
});

describe("groups of filters", () => {
  const yes = { path: "yes", type: "bool", value: ["true"] } satisfies DataFilter;
  const no = { path: "yes", type: "bool", value: ["false"] } satisfies DataFilter;
  const err = { path: "gone", type: "bool", value: ["true"] } satisfies DataFilter;
  const expr = (text: string) => ({ expr: text, fields: [{ path: "n", name: "n" }] });
  const always = { start: "00:00:00", stop: "23:59:59" };
  const event = { yes: true, n: 5 };
  const or = { filtersLogicalOperator: "or" } as const;

  test.each<[string, DependencyFilters, Partial<Dependency>, boolean]>([
    ["1: data ok and exprs ok", { data: [yes], exprs: [expr("n == 5")] }, {}, true],
    ["2: data err and exprs ok", { data: [err], exprs: [expr("n == 5")] }, {}, false],
    ["3: data no or time ok", { data: [no], time: always }, or, true],
    ["4: data err or time ok", { data: [err], time: always }, or, true],
    ["5: data err, ok by or", { data: [err, yes], dataLogicalOperator: "or" }, {}, true],
    ["6: data err, no by or", { data: [err, no], dataLogicalOperator: "or" }, {}, false],
    [
      "6: data err, no by or, or time ok",
      { data: [err, no], dataLogicalOperator: "or", time: always },
      or,
      true,
    ],
    ["7: data no, err by and", { data: [no, err] }, {}, false],
    ["9: nothing configured with or", {}, or, true],
    ["10: nothing configured with and", {}, {}, true],
    ["exprs no, ok by or", { exprs: [expr("n == 6"), expr("n > 4")], exprLogicalOperator: "or" }, {}, true],
    ["an expression that is no boolean", { exprs: [expr("n + 1")] }, {}, false],
  ])("row %s", (_name, filters, parts, passed) => {
    expect(judged(filters, event, parts).passed).toBe(passed);
  });

  test("row 11: an event without data fails data filters, with the path", () => {
    expect(judged({ data: [yes] }, undefined)).toMatchObject({
      passed: false,
      checks: [{ error: "path 'yes' does not exist" }],
    });
  });

  test("every check is recorded, also after the first that failed", () => {
    expect(judged({ data: [no, err, yes] }, event).checks.map((c) => c.passed)).toEqual([false, false, true]);
  });
});

describe("context and time", () => {
  test("each attribute that is named must be equal", () => {
    expect(judged({ context: { type: "webhook", subject: "task" } }, {}).passed).toBe(true);
    expect(judged({ context: { type: "webhook", subject: "other" } }, {}).checks).toMatchObject([
      { subject: "type", passed: true },
      { subject: "subject", left: "task", right: "other", passed: false },
    ]);
  });

  test.each([
    ["start is inside", "03:04:05", "04:00:00", undefined, true],
    ["stop is outside", "03:00:00", "03:04:05", undefined, false],
    ["over midnight, inside", "22:00:00", "04:00:00", undefined, true],
    ["over midnight, outside", "22:00:00", "03:00:00", undefined, false],
    ["in its zone", "04:00:00", "05:00:00", "Europe/Berlin", true],
  ])("%s", (_name, start, stop, timezone, passed) => {
    const time = { start, stop, ...(timezone === undefined ? {} : { timezone }) };

    expect(judged({ time }, {}).passed).toBe(passed);
  });
});
