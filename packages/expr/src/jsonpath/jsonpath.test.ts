import { isAppError } from "@sluice/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getJsonPath } from "./jsonpath.ts";

const store = {
  book: [
    { title: "A", price: 8, tags: ["x"] },
    { title: "B", price: 12, isbn: "1" },
    { title: "C", price: 22, isbn: "2" },
  ],
  bicycle: { price: 19, "a.b": 1, "it's": 2, "x;y": 3, "#1": 4, "a,b": 5, "k^~`": 6, "@p()": 7, 'q"\\': 8 },
  name: "text",
};
const codeOf = (act: () => unknown): string => {
  try {
    act();
    return "none";
  } catch (error) {
    if (!isAppError(error)) throw error;
    return error.code;
  }
};

describe("a path", () => {
  test.each<[string, unknown]>([
    ["$", store],
    ["$.name", "text"],
    ["name", "text"],
    ["{.book[1].title}", "B"],
    ["$.book[0]['title','price']", ["A", 8]],
    ["$.book[-1].title", "C"],
    ["$.book[-3:-1].title", ["A", "B"]],
    ["$.book[-4].title", null],
    ["$.book[::2].title", ["A", "C"]],
    ["$.book[0,2].title", ["A", "C"]],
    ["$.book[9].title", null],
    ["$.book[*].price", [8, 12, 22]],
    ["$..price", [8, 12, 22, 19]],
    ["$..book[(@.length-1)].title", ["C"]],
    ["$.book[(len(@) - 2)].title", "B"],
    ["$.book[?(@.isbn)].title", ["B", "C"]],
    ["$.book[?(@.price < 10 || @.isbn === '2')].title", ["A", "C"]],
    ["$.book[?(@.title matches '^[AB]$')].title", ["A", "B"]],
    ["$.book[?('x' in @.tags)].title", ["A"]],
    ["$.book[?(@property == 1)].title", ["B"]],
    ["$.book[?(@.price > $.bicycle.price)].title", ["C"]],
    ["$.book[?(@parent.bicycle.price == 19)].title", ["A", "B", "C"]],
    ["$.book[?(@parentProperty == 'book' && @root.name == 'text')].price", [8, 12, 22]],
    ["$.book[?(@.title == 'a===b')]", []],
    ["$.bicycle['a.b']", 1],
    ["$.bicycle['it\\'s']", 2],
    ["$.bicycle['x;y']", 3],
    ["$.bicycle['#1']", 4],
    ["$.bicycle['a,b']", 5],
    ["$.bicycle['k^~`']", 6],
    ["$.bicycle['@p()']", 7],
    ["$.bicycle['q\\\"\\\\']", 8],
    ["$.name.length", null],
    ["$.name[0]", null],
    ["$.book.length", null],
    ["$.book.concat", null],
  ])("%s", (path, expected) => {
    expect(getJsonPath(store, path)).toEqual(expected);
  });
});

describe("keys of an event are never parts of the path", () => {
  const hostile = {
    list: { "*": "star", "?(0)": "filter", "..": "deep", "0:1": "slice", "'x'": "quoted", x: { x: 1 } },
    "*": { x: "wrong" },
  };

  test.each<[string, unknown]>([
    ["$.*.x", [{ x: 1 }, "wrong"]],
    ["$.*[?(@ == 'no')]", []],
    ["$.*['x'].x", [1]],
    ["$['*'].x", "wrong"],
    ["$.list[('?(0)')]", "filter"],
    ["$.list[('*')]", "star"],
    ["$.list['..']", "deep"],
  ])("%s", (path, expected) => {
    expect(getJsonPath(hostile, path)).toEqual(expected);
  });

  test("whatever they read like", () => {
    const key = fc.constantFrom(
      "*",
      "..",
      "?(0)",
      "(0)",
      "0:1",
      "'a'",
      "^",
      "~",
      "$",
      "@",
      "`a",
      "a,b",
      "#0",
      "a",
    );
    fc.assert(
      fc.property(fc.dictionary(key, fc.dictionary(key, fc.nat(9))), (value) => {
        expect(getJsonPath(value, "$.*.*")).toEqual(
          Object.values(value).flatMap((inner) => Object.values(inner)),
        );
        expect(getJsonPath(value, "$.*[?(@ > 4)]")).toEqual(
          Object.values(value).flatMap((inner) => Object.values(inner).filter((n) => n > 4)),
        );
      }),
    );
  });
});

describe("an attack", () => {
  test.each([
    "$..[?(@.constructor.constructor('return process')())]",
    "$..[?(@['constructor'])]",
    "$..[?(@.__proto__.x == 1)]",
    "$.__proto__.x",
    "$['constructor']",
    "$..constructor",
    "$[('constructor')]",
    "$[?(process.exit(1))]",
    "$[?(this.x)]",
    "$[?((() => 1)())]",
    "$[?(@.x = 1)]",
    "$[(@.constructor)]",
    "$[?(@root.constructor)]",
    "$[?(globalThis)]",
    "$[?(require('fs'))]",
  ])("%s reaches nothing", (path) => {
    const before = JSON.stringify(store);
    try {
      const found = getJsonPath(store, path);
      expect(found === null || (Array.isArray(found) && found.length === 0)).toBe(true);
    } catch (error) {
      if (!isAppError(error)) throw error;
      expect(error.code).toMatch(/^EXPR_(SYNTAX|FORBIDDEN_KEY|EVALUATION)$/);
    }
    expect(JSON.stringify(store)).toBe(before);
  });

  const big = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [
      `k${i}`,
      Array.from({ length: 100 }, (_, j) => ({ a: j, b: [i, "some text"] })),
    ]),
  );
  test.each([
    "$..*",
    "$..*..*",
    "$..*..*..*..nothing",
    "$..a..a..a",
    "$..[?(@.a >= 0)]",
    "$..[?(len(filter($.k1, #.a > 3)) > 0)]",
    "$..[?(@.a == 1)]..[?(@.a == 1)]",
    "$[0,0,0,0]..[0,0,0,0]..[0,0,0,0]",
    `$${"..*".repeat(90)}`,
  ])(
    "%s over an event of a megabyte ends with a list or a bound, within the test's time",
    (path) => {
      expect(JSON.stringify(big).length).toBeGreaterThan(900_000);
      const found = { code: "none", count: 0 };
      found.code = codeOf(() => {
        const values = getJsonPath(big, path);
        found.count = Array.isArray(values) ? values.length : 1;
      });
      expect(["none", "EXPR_LIMIT"]).toContain(found.code);
      expect(found.count).toBeLessThanOrEqual(100_000);
    },
    60_000,
  );

  test("an event of 100,000 levels is a bound", () => {
    const deep: unknown = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);

    expect(codeOf(() => getJsonPath(deep, "$..*"))).toBe("EXPR_LIMIT");
    expect(getJsonPath(deep, "$[0][0]")).toBeTypeOf("object");
  });
});
