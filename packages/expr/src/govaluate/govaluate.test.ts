import { describe, expect, test } from "vitest";
import { compileGovaluate } from "./govaluate.ts";
import { compileWhen } from "./when.ts";

describe("a `when` whose tags are already values", () => {
  test.each([
    ["heads == heads", true],
    ["heads == tails", false],
    ["heads != tails", true],
    ['"a-b" == "a-b"', true],
    ["'a b' == \"a b\"", true],
    ["true", true],
    ["false", false],
    ["true == true", true],
    ["!false", true],
    ["1 == 1", true],
    ["1 == 2", false],
    ['1 == "1"', false],
    ["2 > 1", true],
    ["2 <= 1", false],
    ["10 > 9", true],
    ["a < b", true],
    ["1/2 == 0.5", true],
    ["2 ** 3 == 8 && 7 % 4 == 3", true],
    ["(a == b || c == c) && d != e", true],
    ["a == a && b == c", false],
    ["Succeeded in (Failed, Succeeded)", true],
    ["Running in (Failed, Error)", false],
    ["tails =~ tai", true],
    ["heads =~ '^t'", false],
    ["heads !~ tai", true],
    ['"" == ""', true],
    ["(1 > 2 ? a : b) == b", true],
    ["-1 < 0 && (6 & 3) == 2 && (1 << 4) == 16", true],
  ])("%s is %s", (text, expected) => {
    expect(compileWhen(text).evaluate().value).toBe(expected);
  });

  test("shows what was compared, and only what was looked at", () => {
    const { comparisons } = compileWhen("heads == tails && 1 == 1").evaluate();

    expect(comparisons).toEqual([{ left: "heads", operator: "==", right: "tails" }]);
  });

  test.each([
    ["heads", "EXPR_NOT_BOOLEAN", "Expected boolean evaluation for 'heads'. Got heads"],
    ["1 + 1", "EXPR_NOT_BOOLEAN", "Expected boolean evaluation for '1 + 1'. Got 2"],
    ["a b == c", "EXPR_WHEN_INVALID", '(hint: try wrapping the affected expression in quotes ("))'],
    ["a == @b", "EXPR_WHEN_INVALID", "Invalid 'when' expression 'a == @b': Invalid token: '@'"],
    ["", "EXPR_WHEN_INVALID", "Invalid 'when' expression ''"],
    ["my-step == my-step", "EXPR_WHEN_FAILED", "it is not a number"],
    ["a && b", "EXPR_WHEN_FAILED", "it is not a bool"],
    ["a =~ '('", "EXPR_REGEX", "not valid"],
    ["a in (a)", "EXPR_WHEN_FAILED", "it is not an array"],
  ])("%s is refused with %s", (text, code, message) => {
    expect(() => compileWhen(text).evaluate()).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });

  test("a refusal says where", () => {
    expect(() => compileWhen("a == \n @")).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ line: 2, column: 2, offset: 7 }) }),
    );
  });
});

describe("an expression of a sensor's filter", () => {
  test("reads variables by name, by bracket and by dots", () => {
    const compiled = compileGovaluate("a == 'x' && [my-name] > 1 && o.deep == true");

    expect(compiled.references).toEqual(["a", "my-name", "o.deep"]);
    expect(compiled.evaluate({ a: "x", "my-name": 2, o: { deep: true } })).toEqual({
      value: true,
      comparisons: [
        { left: "x", operator: "==", right: "x" },
        { left: 2, operator: ">", right: 1 },
        { left: true, operator: "==", right: true },
      ],
    });
  });

  test("a variable that is not given is an error and not an empty text", () => {
    expect(() => compileGovaluate("a == 1").evaluate({})).toThrow(/No parameter 'a' found/);
  });

  test.each(["[__proto__] == 1", "constructor == 1", "a.__proto__.x == 1"])(
    "%s never reaches a prototype",
    (text) => {
      expect(() => compileGovaluate(text).evaluate({ a: {} })).toThrow(
        expect.objectContaining({ code: "EXPR_FORBIDDEN_KEY" }),
      );
    },
  );

  test("a hostile pattern costs time in line with the text", () => {
    const { value } = compileGovaluate("a =~ '^(a+)+$'").evaluate({ a: `${"a".repeat(50_000)}!` });

    expect(value).toBe(false);
  });
});
