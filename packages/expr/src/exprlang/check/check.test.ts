import { describe, expect, it } from "vitest";
import { builtinFunctions } from "../builtins/registry.ts";
import { compileExpr } from "../compile.ts";
import { checkExpr } from "./check.ts";
import { signatures } from "./signatures.ts";

const check = (text: string) =>
  checkExpr(compileExpr(text), (path) => (path.startsWith("inputs.") ? "text" : "unknown"));

describe("an expression before it runs", () => {
  it("has a signature for every function, and no other", () => {
    expect([...signatures.keys()].sort()).toEqual([...builtinFunctions().keys()].sort());
  });

  it.each([
    ["1 + 2", "number"],
    ["'a' + inputs.x", "text"],
    ["len(items) > 3 and not ready", "boolean"],
    ["map(items, #)", "list"],
    ["{a: 1}", "map"],
    ["now()", "time"],
    ["ready ? 1 : 2", "number"],
    ["ready ? 1 : 'x'", "unknown"],
    ["steps.a.outputs.result", "unknown"],
    ["inputs.x ?? 'y'", "text"],
    ["1..3", "list"],
  ])("%s gives %s", (text, type) => {
    expect(check(text)).toMatchObject({ type, problems: [] });
  });

  it.each([
    ["foo(1)", 0, "unknown function 'foo'", true],
    ["1 + sprig.foo(1)", 9, "unknown function 'sprig.foo'", true],
    ["replace('a')", 0, "replace() takes 3 to 4 arguments, got 1", true],
    ["max()", 0, "max() takes at least 1 argument, got 0", true],
    ["inputs.x > 1", 9, "'>' between a text and a number fails", false],
    ["inputs.x == true", 9, "'==' between a text and a boolean is always false", false],
    ["1 and true", 0, "and wants true or false, got a number", false],
    ["inputs.x * 2", 9, "'*' between a text and a number fails", false],
    ["inputs.x ? 1 : 2", 6, "a condition wants true or false", false],
  ])("%s has a problem at %i", (text, offset, message, certain) => {
    const [first] = check(text).problems;
    expect(first).toMatchObject({ certain });
    expect(first?.message).toContain(message);
    expect(Math.abs((first?.offset ?? 0) - offset)).toBeLessThanOrEqual(1);
  });

  it("says what is read, where, and whether something stands for it", () => {
    expect(check("steps['a-b'].id == x.y ?? inputs?.z").reads).toEqual([
      { path: "steps.a-b.id", offset: 0, guarded: false },
      { path: "x.y", offset: 19, guarded: true },
      { path: "inputs.z", offset: 26, guarded: true },
    ]);
    expect(check("let a = b; a + map([1], # + c)[0]").reads.map(({ path }) => path)).toEqual(["b", "c"]);
  });
});
