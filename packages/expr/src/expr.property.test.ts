import { isAppError } from "@sluice/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  compileConditions,
  compileDepends,
  compileExpr,
  compileGoTemplate,
  compileGovaluate,
  compileJq,
  compileJsonPath,
  compileRegex,
  compileWhen,
  compileWhenTemplate,
  evaluateExpr,
  exprText,
  getJsonPath,
  getPath,
  gjsonString,
  listTags,
  renderTemplate,
  setPath,
} from "./index.ts";

const doc = { a: { b: [1, "x", null, { c: true }] }, "k.y": "v" };
const env = { variables: { a: doc.a, s: "text", n: 3 } };

/** Every way in, taking one hostile text. */
const doors: Readonly<Record<string, (text: string) => unknown>> = {
  when: (text) => compileWhen(text).evaluate(),
  "when with tags": (text) => compileWhenTemplate(text).evaluate(() => text, { expression: env }),
  govaluate: (text) => compileGovaluate(text).evaluate(env.variables),
  expr: (text) => exprText(evaluateExpr(compileExpr(text), env)),
  depends: (text) => compileDepends(text).evaluate(() => true),
  conditions: (text) => compileConditions(text).evaluate(new Set(["a"])),
  gjson: (text) => getPath(doc, text),
  sjson: (text) => setPath(doc, text, 1),
  jsonpath: (text) => getJsonPath(doc, text),
  "kubectl's jsonpath": (text) => compileJsonPath(text).render(doc),
  jq: (text) => compileJq(text).run(doc),
  gotemplate: (text) => compileGoTemplate(text).render(doc),
  tags: (text) => renderTemplate(text, () => undefined, { expression: env }),
  regex: (text) => compileRegex(text).test("aaa"),
};

const word = fc.constantFrom(
  ..."a b s n # . .. ( ) [ ] { } {{ }} {{= == != < > && || ! - + * / % ?? ? : ?. , ; | 'x' \"y\" ` 1 2.5 nil true in not matches let if else range end with filter( map( # #acc @ $ \\ @reverse =~ ^(a+)+$ __proto__ constructor sprig. printf def as reduce foreach try catch label break |= // .. .[] \\\\( \n".split(
    " ",
  ),
  " ",
);
const hostile = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.array(word, { maxLength: 25 }).map((parts) => parts.join("")),
);

describe.each(Object.keys(doors))("%s", (name) => {
  test("answers any text with a value or a coded error that is no bug", () => {
    fc.assert(
      fc.property(hostile, (text) => {
        try {
          doors[name]?.(text);
        } catch (error) {
          if (!isAppError(error)) throw error;
          expect(error.code).toMatch(/^EXPR_/);
          expect(error.retry).toBe("never");
        }
      }),
      { numRuns: 400 },
    );
    expect(({} as Record<string, unknown>)["b"]).toBeUndefined();
  });
});

test("a text without tags renders as itself, and values are never scanned again", () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (before, value) => {
      const text = before.replaceAll("{", "(");
      expect(renderTemplate(`${text}{{k}}`, () => value)).toBe(text + value);
    }),
  );
});

test("the places of tags are where they stand", () => {
  fc.assert(
    fc.property(hostile, (text) => {
      for (const tag of listTags(text)) {
        expect(text.slice(tag.start, tag.start + 2)).toBe("{{");
        expect(text.slice(tag.end - 2, tag.end)).toBe("}}");
      }
    }),
  );
});

test("what was set is what is read", () => {
  const key = fc.stringMatching(/^[a-z]{1,5}$/);
  fc.assert(
    fc.property(fc.array(key, { minLength: 1, maxLength: 5 }), fc.jsonValue(), (keys, value) => {
      const json = JSON.parse(JSON.stringify(value)) as never;
      expect(getPath(setPath({}, keys.join("."), json), keys.join(".")).value).toEqual(json);
    }),
  );
});

test("an event that nests 100,000 levels deep is a bound and not a crash", () => {
  const deep = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`) as never;
  const uses = [
    () => gjsonString(getPath({ deep }, "deep")),
    () => getPath({ deep }, "[deep]"),
    () => getPath({ deep }, "deep.@tostr"),
    () => getPath({ deep }, 'deep.@flatten:{"deep":true}'),
    () => compileGovaluate("a == b").evaluate({ a: deep, b: [] }),
    () => exprText(evaluateExpr(compileExpr("toJson(deep)"), { variables: { deep } })),
    () => exprText(evaluateExpr(compileExpr("flatten(deep)"), { variables: { deep } })),
    () => exprText(evaluateExpr(compileExpr("deep"), { variables: { deep } })),
    () => compileGoTemplate("{{ .deep }}").render({ deep }),
    () => compileGoTemplate("{{ toJson .deep }}{{ quote .deep }}").render({ deep }),
    () => getJsonPath({ deep }, "$..[0]"),
  ];
  for (const use of uses) {
    try {
      use();
    } catch (error) {
      if (!isAppError(error)) throw error;
      expect(error.code).toMatch(/^EXPR_(LIMIT|EVALUATION)$/);
    }
  }
});
