import { describe, expect, test } from "vitest";
import { expandKeys } from "../exprlang/text.ts";
import { renderJson, stringsOf } from "./json.ts";
import { listTags } from "./list.ts";
import { parseTemplate } from "./parse.ts";
import { type RenderOptions, renderTemplate } from "./render.ts";

const values: Readonly<Record<string, string>> = {
  a: "A",
  "inputs.parameters.my-name": "n",
  which: "a",
  "pick-a": "picked",
  evil: "{{a}} {{=1+1}}",
  quote: 'x" + 7 + "',
  num: "41",
};
const resolve = (key: string): string | undefined => (Object.hasOwn(values, key) ? values[key] : undefined);
const render = (text: string, options: RenderOptions = {}): string => renderTemplate(text, resolve, options);
const expression = { variables: expandKeys({ "inputs.parameters.n": "3", item: "i" }) };

describe("simple tags", () => {
  test.each([
    ["no tags", "no tags"],
    ["{{a}}-{{ a }}-{{\n a }}", "A-A-A"],
    ["{{inputs.parameters.my-name}}", "n"],
    ["{{pick-{{which}}}}", "picked"],
    ["{{unknown}} {{ a }}", "{{unknown}} A"],
    ["{{pick-{{unknown}}}}", "{{pick-{{unknown}}}}"],
    [
      '{{- with secret "{{a}}" -}} {{ .Data }} {{- end -}}',
      '{{- with secret "A" -}} {{ .Data }} {{- end -}}',
    ],
    ["{{ open {{a}}", "{{ open A"],
    ["}} {{a}} {{", "}} A {{"],
    ["${{{a}}}", "${A}"],
    ["{{}} {{ }}", "{{}} {{ }}"],
  ])("%s renders as %s", (text, expected) => {
    expect(render(text)).toBe(expected);
  });

  test("a value that holds tags stays data", () => {
    expect(render("{{evil}} {{pick-{{evil}}}}", { expression })).toBe(
      "{{a}} {{=1+1}} {{pick-{{a}} {{=1+1}}}}",
    );
  });

  test("a missing key under a strict word is an error, elsewhere it is told and stays", () => {
    const unresolved: string[] = [];
    const options = {
      strictPrefixes: ["steps", "item."],
      onUnresolved: (key: string) => unresolved.push(key),
    };

    expect(render("{{stepsx.y}} {{items}}", options)).toBe("{{stepsx.y}} {{items}}");
    expect(unresolved).toEqual(["stepsx.y", "items"]);
    for (const key of ["steps.x.status", "item.k"])
      expect(() => render(`{{ ${key} }}`, options)).toThrow(
        expect.objectContaining({ code: "EXPR_UNRESOLVED", message: `failed to resolve {{${key}}}` }),
      );
  });
});

describe("expression tags", () => {
  test.each([
    ["{{= asInt(inputs.parameters.n) * 10 }}", "30"],
    ["{{={a: {b: 1}}}}", '{"a":{"b":1}}'],
    ["{{= '}}' + item }}{{a}}", "}}iA"],
    ["{{=toJson(map([1], {{x: #}}))}}", '[{"x":1}]'],
    ["{{= {{num}} + 1 }}", "42"],
    ["{{= '{{num}}' + '1' }}", "411"],
    ['{{= "{{quote}}" }}', 'x" + 7 + "'],
    ["{{= {{quote}} }}", 'x" + 7 + "'],
  ])("%s renders as %s", (text, expected) => {
    expect(render(text, { expression })).toBe(expected);
  });

  test("stay as they are where no expression may be evaluated", () => {
    expect(render("{{= item }} {{a}}")).toBe("{{= item }} A");
  });

  test("that fail throw, or stay and are told in an early stage", () => {
    const failed: string[] = [];

    expect(() => render("{{=nope.x}}", { expression })).toThrow(/nope is missing/);
    expect(render("{{=nope.x}} {{a}}", { expression, onExpressionFailed: (text) => failed.push(text) })).toBe(
      "{{=nope.x}} A",
    );
    expect(failed).toEqual(["nope.x"]);
  });

  test("that give nothing are absent values and not the text null", () => {
    expect(() => render("{{= nil }}", { expression })).toThrow(
      "failed to evaluate expression: the result is nil (1:1 of ' nil ')",
    );
  });
});

describe("a JSON value", () => {
  test("is rendered in keys and texts; quotes and newlines in values change no structure", () => {
    const rendered = renderJson({ "{{a}}": ["{{quote}}", 1, null, { b: "{{num}}" }] }, resolve);

    expect(rendered).toEqual({ A: ['x" + 7 + "', 1, null, { b: "41" }] });
    expect(stringsOf({ k: ["v", 1] })).toEqual(["k", "v"]);
  });

  test("may not get a key that reaches a prototype", () => {
    expect(() => renderJson({ "{{k}}": 1 }, () => "__proto__")).toThrow(
      expect.objectContaining({ code: "EXPR_FORBIDDEN_KEY" }),
    );
  });
});

test("tags are listed with their places, outer before inner", () => {
  expect(listTags("x {{ a-{{b}} }} {{= 1 }}")).toEqual([
    { kind: "simple", text: "a-{{b}}", start: 2, end: 15, dynamic: true },
    { kind: "simple", text: "b", start: 7, end: 12, dynamic: false },
    { kind: "expression", text: "1", start: 16, end: 24, dynamic: false },
  ]);
});

test.each(["{{ ", "{{=", "{{={{{ }}", "{{=' ", "}}", "{{a}}"])(
  "300,000 times '%s' is read in a moment",
  (part) => {
    expect(parseTemplate(part.repeat(300_000)).text.length).toBe(part.length * 300_000);
  },
);
