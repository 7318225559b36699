import { describe, expect, test } from "vitest";
import { compileConditions } from "./conditions.ts";
import { compileDepends } from "./depends.ts";

describe("a task's depends", () => {
  test("names tasks with their results, each pair once", () => {
    expect(compileDepends("my-a && (B.Failed || !c_1.Skipped) && my-a").tasks).toEqual([
      { name: "my-a" },
      { name: "B", result: "Failed" },
      { name: "c_1", result: "Skipped" },
    ]);
  });

  test.each([
    ["A && B", ["A", "B"], true],
    ["A && B", ["A"], false],
    ["A || B && C", ["A"], true],
    ["(A || B) && C", ["A"], false],
    ["!A && B", ["B"], true],
    ["A.Failed", ["A"], false],
    ["A.Failed", ["A.Failed"], true],
  ])("%s with %j is %s", (text, truths, expected) => {
    const lookup = (task: string, result?: string) => truths.includes(result ? `${task}.${result}` : task);

    expect(compileDepends(text).evaluate(lookup)).toBe(expected);
  });

  test.each([
    ["A.Suceeded", "wanted one of Succeeded, Failed", 2],
    ["A &&", "the expression ends", 4],
    ["A B", "unexpected 'B'", 2],
    ["(A", "never closed", 0],
    ["A & B", "unexpected '&'", 2],
  ])("%s is refused at its place", (text, message, offset) => {
    expect(() => compileDepends(text)).toThrow(
      expect.objectContaining({
        code: "EXPR_SYNTAX",
        message: expect.stringContaining(message),
        details: expect.objectContaining({ offset }),
      }),
    );
  });

  test("nesting without end is a bound and not a crash", () => {
    expect(() => compileDepends("(".repeat(50_000))).toThrow(expect.objectContaining({ code: "EXPR_LIMIT" }));
    expect(() => compileDepends("!".repeat(9_000))).toThrow(expect.objectContaining({ code: "EXPR_LIMIT" }));
  });
});

describe("a trigger's conditions", () => {
  test("keep names apart that differ only in dashes and underscores", () => {
    const conditions = compileConditions("a-b && a_b || 1.x");

    expect(conditions.names).toEqual(["a-b", "a_b", "1.x"]);
    expect(conditions.needsAll).toBe(true);
    expect(conditions.evaluate(new Set(["a-b"]))).toBe(false);
    expect(conditions.evaluate(new Set(["1.x"]))).toBe(true);
    expect(conditions.evaluate(new Set(["a-b", "a_b"]))).toBe(true);
  });

  test("of alternatives alone need no state", () => {
    expect(compileConditions("a || (b || c)").needsAll).toBe(false);
  });

  test("cannot ask for an event not to have come", () => {
    expect(() => compileConditions("a && !b")).toThrow(/'!' cannot be used here.* at 1:6/);
  });
});
