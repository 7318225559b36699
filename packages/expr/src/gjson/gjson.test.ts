import { describe, expect, test } from "vitest";
import { getPath } from "./get.ts";
import { gjsonBool, gjsonFloat, gjsonString, resultOf } from "./result.ts";
import { maxSetIndex, setPath } from "./set.ts";

const doc = {
  name: { first: "Ada", last: "Byron" },
  age: 36,
  kids: ["Sara", "Alex", "Jack"],
  "a.b": { "c*": "dotted" },
  people: [
    { first: "Dale", last: "Murphy", age: 44, nets: ["ig", "fb"], ok: true },
    { first: "Roger", last: "Craig", age: 68, nets: ["fb"], ok: false },
    { first: "Jane", last: "Murphy", age: 47, nets: [], note: null },
  ],
  json: '{"x":[1]}',
  cols: { id: [1, 2], n: ["a", "b"] },
  deep: [1, [2, [3]]],
};

describe("a path", () => {
  test.each([
    ["name.last", "Byron"],
    ["kids.#", 3],
    ["kids.1", "Alex"],
    ["kids.9", undefined],
    ["k*s.0", "Sara"],
    ["k?ds.2", "Jack"],
    ["a\\.b.c\\*", "dotted"],
    ["people.#.first", ["Dale", "Roger", "Jane"]],
    ["people.#.ok", [true, false]],
    ["people.#.nets.#", [2, 1, 0]],
    ['people.#(last=="Murphy").first', "Dale"],
    ["people.#(last=Murphy)#.first", ["Dale", "Jane"]],
    ["people.#(age>45)#.last", ["Craig", "Murphy"]],
    ["people.#(age<=44)#.first", ["Dale"]],
    ["people.#(age!=44)#.first", ["Roger", "Jane"]],
    ['people.#(first%"D*").last', "Murphy"],
    ['people.#(first!%"D*")#.first', ["Roger", "Jane"]],
    ['people.#(nets.#(=="fb"))#.first', ["Dale", "Roger"]],
    ["people.#(ok==true).first", "Dale"],
    ["people.#(ok==~false)#.first", ["Roger", "Jane"]],
    ["people.#(note)#.first", ["Jane"]],
    ["people.#(age>100)", undefined],
    ["people.#(age>100)#", []],
    ['kids.#(!="Alex")#', ["Sara", "Jack"]],
    ['people.#(last="Murphy")#|0.first', "Dale"],
    ['people.#(last="Murphy")#|first', undefined],
    ["kids|@reverse|0", "Jack"],
    ["kids.@reverse.0", "Jack"],
    ["deep|@flatten", [1, 2, [3]]],
    ['deep|@flatten:{"deep":true}', [1, 2, 3]],
    ["name.@keys", ["first", "last"]],
    ["name.@values", ["Ada", "Byron"]],
    ["json.@fromstr.x.0", 1],
    ["@dig:first", ["Ada", "Dale", "Roger", "Jane"]],
    ["@dig:n.0", ["a", "b"]],
    ['people.@dig:#(last=="Craig").0.age', 68],
    ["@dig:nothing", []],
    ["name.@dig", []],
    ['{age,"a":kids.0}.@pretty:{"sortKeys":true}.@keys', ["a", "age"]],
    ["kids.@ugly.@pretty.1", "Alex"],
    ["name.@tostr", '{"first":"Ada","last":"Byron"}'],
    [
      "cols.@group",
      [
        { id: 1, n: "a" },
        { id: 2, n: "b" },
      ],
    ],
    [
      "[name,name]|@join",
      [
        { first: "Ada", last: "Byron" },
        { first: "Ada", last: "Byron" },
      ].at(0),
    ],
    ["{name.first,age}", { first: "Ada", age: 36 }],
    ['{"who":name.first,"k":kids.#,"c":!"lit"}', { who: "Ada", k: 3, c: "lit" }],
    ["[age,name.first,none]", [36, "Ada"]],
    ["people.#.{first,age}|0", { first: "Dale", age: 44 }],
    ["none", undefined],
    ["name.first.deeper", undefined],
    ["__proto__", undefined],
    ["constructor.name", undefined],
  ])("%s", (path, expected) => {
    expect(getPath(doc, path).value).toEqual(expected);
    expect(getPath(doc, path).exists).toBe(expected !== undefined);
  });

  test("values that multiply by sharing run into the bound", () => {
    const doubling = `[@this,@this]${"|[@this,@this]".repeat(60)}`;

    expect(() => getPath([1], doubling)).toThrow(expect.objectContaining({ code: "EXPR_LIMIT" }));
  });

  test("a payload of 100,000 elements is searched within the bound", () => {
    const list = Array.from({ length: 100_000 }, (_, id) => ({ id }));

    expect(getPath(list, "#(id==99999).id").value).toBe(99_999);
  });
});

test.each([
  ["abc", "abc", 0, false],
  ["12", "12", 12, false],
  ["TRUE", "TRUE", 0, true],
  [true, "true", 1, true],
  [0, "0", 0, false],
  [1e21, "1000000000000000000000", 1e21, true],
  [null, "", 0, false],
  [{ a: 1 }, '{"a":1}', 0, false],
  [undefined, "", 0, false],
])("%j converts as gjson converts it", (value, text, number, truth) => {
  const result = resultOf(value);

  expect([gjsonString(result), gjsonFloat(result), gjsonBool(result)]).toEqual([text, number, truth]);
});

describe("setting a value", () => {
  test.each([
    [{ spec: { v: 1 } }, "spec.v", { spec: { v: "N" } }],
    [{}, "spec.new.0.name", { spec: { new: [{ name: "N" }] } }],
    [{ a: ["p"] }, "a.-1", { a: ["p", "N"] }],
    [{}, "a.2", { a: [null, null, "N"] }],
    [{}, "a.:2", { a: { "2": "N" } }],
    [{ a: "text" }, "a.b\\.c", { a: { "b.c": "N" } }],
    [undefined, "0", ["N"]],
    [{ a: { "1": "x" } }, "a.1", { a: { "1": "N" } }],
  ])("in %j at %s gives %j", (value, path, expected) => {
    const before = structuredClone(value);

    expect(setPath(value, path, "N")).toEqual(expected);
    expect(value).toEqual(before);
  });

  test.each([
    ["", "EXPR_PATH"],
    ["a.*", "EXPR_PATH"],
    ["a.#", "EXPR_PATH"],
    ["l.word", "EXPR_PATH"],
    [`l.${maxSetIndex + 1}`, "EXPR_PATH"],
    ["__proto__.x", "EXPR_FORBIDDEN_KEY"],
    ["a.constructor", "EXPR_FORBIDDEN_KEY"],
    ["a.:__proto__", "EXPR_FORBIDDEN_KEY"],
    ["a.__pro\\to__", "EXPR_FORBIDDEN_KEY"],
  ])("at '%s' is refused with %s", (path, code) => {
    expect(() => setPath({ l: [] }, path, { polluted: true })).toThrow(expect.objectContaining({ code }));
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });
});
