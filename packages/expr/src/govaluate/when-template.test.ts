import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileWhenTemplate, type WhenOptions } from "./when-template.ts";

const verdict = (text: string, values: Readonly<Record<string, string>>, options: WhenOptions = {}) =>
  compileWhenTemplate(text).evaluate((key) => (Object.hasOwn(values, key) ? values[key] : undefined), {
    strictPrefixes: ["steps"],
    expression: { variables: { n: 3, s: "heads" } },
    ...options,
  });

describe("a tag of a `when` is an operand", () => {
  test.each<[string, Record<string, string>, boolean]>([
    ["{{x}} == heads", { x: "heads" }, true],
    ["{{x}} == heads", { x: "heads\n" }, true],
    ["{{x}}==heads&&!{{y}}", { x: "heads", y: "false" }, true],
    ["{{x}} == 'two words'", { x: "two words" }, true],
    ["{{x}} == 'my-app'", { x: "my-app" }, true],
    ["'{{x}}' == \"my-app\"", { x: "my-app" }, true],
    ["\"a {{x}}-{{y}}\" == 'a 1-2'", { x: "1", y: "2" }, true],
    ["{{x}} > 9", { x: "10" }, true],
    ["{{x}} > 9", { x: "-10" }, false],
    ["{{x}} < 0x10", { x: "0xf" }, true],
    ["'{{x}}' == 1", { x: "1" }, false],
    ["{{x}} == ''", { x: "" }, true],
    ["{{x}} == heads", { x: '"heads"' }, true],
    ["{{x}} in (Failed, Succeeded)", { x: "Succeeded" }, true],
    ["{{x}} =~ {{re}}", { x: "release-12", re: "^rel.*-\\d+$" }, true],
    ["{{x}} =~ '^1'", { x: "123" }, true],
    ["{{x}} !~ '^{{re}}$'", { x: "abc", re: "b" }, true],
    ["app-{{x}} == 'app-web'", { x: "web" }, true],
    ["{{x}}-{{y}}-v1 == '1-2-v1'", { x: "1", y: "2" }, true],
    ["{{x}}-1 == 4", { x: "5" }, true],
    ["v{{x}} == v12", { x: "12" }, true],
    ["{{x}}.{{y}} == 1.5", { x: "1", y: "5" }, true],
    ["{{x}}.txt == 'a b.txt'", { x: "a b" }, true],
    ["{{=s}} == heads && {{=n + 1}} == 4", {}, true],
    ["{{x}}", { x: "true" }, true],
    ["{{x}}", { x: "false" }, false],
    ["{{x}}", { x: "" }, true],
    ["", {}, true],
    ["{{=n > 5}}", {}, false],
    ["{{x}} == '2024-01-02'", { x: "2024-01-02" }, true],
    ["{{x}} > '2024-01-02'", { x: "2024-01-02T00:00:01+00:00" }, true],
    ["'{{x}}' < '2024-01-02 10:00'", { x: "2024-01-02 09:00:00" }, true],
    ["'2024-01-01' == 1704067200", {}, true],
    ["a < b", {}, true],
  ])("%s with %j is %s", (text, values, expected) => {
    expect(verdict(text, values).value).toBe(expected);
  });

  test.each([
    "a || true",
    "a == a",
    "heads || 1 == 1",
    "true) || (true",
    "x' == 'x",
    'x" == "x',
    "{{=true}}",
  ])("%s as a value brings no operators", (value) => {
    expect(verdict("{{x}} == heads", { x: value }).value).toBe(false);
    expect(verdict("'{{x}}' == heads", { x: value }).value).toBe(false);
    expect(verdict('heads == "{{x}}" || heads == a{{x}}', { x: value }).value).toBe(false);
    expect(() => verdict("{{x}}", { x: value })).toThrow(
      expect.objectContaining({ code: "EXPR_NOT_BOOLEAN" }),
    );
  });

  test("no value whatsoever makes a comparison hold that it does not equal", () => {
    const bits = fc.constantFrom(
      "'",
      '"',
      " ",
      "||",
      "&&",
      "true",
      "==",
      "(",
      ")",
      "{{x}}",
      "heads",
      "\\",
      "!",
    );
    fc.assert(
      fc.property(fc.array(bits, { maxLength: 12 }), (parts) => {
        const x = parts.join("");
        fc.pre(!/^\s*(["']?)heads\1\s*$/.test(x));
        expect(verdict("{{x}} == heads", { x }).value).toBe(false);
        expect(verdict("'{{x}}' == 'heads'", { x }).value).toBe(false);
      }),
    );
  });

  test("shows the text with its values and what was compared", () => {
    expect(verdict("{{x}} == tails", { x: "heads" })).toEqual({
      value: false,
      comparisons: [{ left: "heads", operator: "==", right: "tails" }],
      rendered: "heads == tails",
    });
  });

  test("its tags are listed", () => {
    expect(compileWhenTemplate("{{ a }} == '{{=b}}'").tags.map(({ kind, text }) => [kind, text])).toEqual([
      ["simple", "a"],
      ["expression", "b"],
    ]);
  });
});

describe("a `when` with tags that cannot be right", () => {
  test.each<[string, string, number]>([
    ["{{x}} ==", "Unexpected end of expression", 8],
    ["{{x}} {{y}}", "Cannot transition token types: unexpected '{{y}}'", 6],
    ["{{x}} == @", "Invalid token: '@'", 9],
    ["{{x}} == 'a", "Unclosed string literal", 9],
  ])("%s is refused where it is wrong, before any value is known", (text, reason, offset) => {
    expect(() => compileWhenTemplate(text)).toThrow(
      expect.objectContaining({
        code: "EXPR_WHEN_INVALID",
        details: expect.objectContaining({ offset }),
        message: expect.stringMatching(
          /^Invalid 'when' expression .* \(hint: try wrapping the affected expression in quotes \("\)\)$/,
        ),
      }),
    );
    expect(() => compileWhenTemplate(text)).toThrow(reason);
  });

  test("a value that is no truth value is told as Argo tells it", () => {
    expect(() => verdict("{{x}}", { x: "heads" })).toThrow(
      "Expected boolean evaluation for 'heads'. Got heads",
    );
  });

  test("a tag without a value is an error of the tag or of the expression, and never a text", () => {
    expect(() => verdict("{{steps.a.outputs.result}} == x", {})).toThrow(
      expect.objectContaining({ code: "EXPR_UNRESOLVED" }),
    );
    expect(() => verdict("a == {{b}}", {})).toThrow(
      expect.objectContaining({
        code: "EXPR_WHEN_INVALID",
        details: expect.objectContaining({ offset: 5 }),
      }),
    );
  });
});

describe("with expressions in values, as in Argo", () => {
  const options = { expressionsInValues: true };

  test("a value may bring a whole expression", () => {
    expect(verdict("{{x}}", { x: "1 == 1" }, options).value).toBe(true);
    expect(verdict("{{x}} && {{y}}", { x: "1 == 1", y: "(a == b || c == d)" }, options).value).toBe(false);
    expect(verdict("{{x}} == heads", { x: "a == a || true" }, options).value).toBe(true);
  });

  test("a text that only its values make whole compiles", () => {
    const compiled = compileWhenTemplate("{{x}} {{op}} 1", options);

    expect(compiled.evaluate((key) => (key === "x" ? "2" : ">"), options).value).toBe(true);
    expect(() => compiled.evaluate(() => "x", options)).toThrow(/Invalid 'when' expression/);
  });
});
