import { SeededRandom } from "@sluice/base";
import { describe, expect, test } from "vitest";
import { GoTime } from "../time/go-time.ts";
import { compileExpr } from "./compile.ts";
import { type ExprEnv, evaluateExpr } from "./evaluate.ts";
import { expandKeys, exprText } from "./text.ts";

const weather = Buffer.from(JSON.stringify({ temps: [30, 20, 10, 50, 42] })).toString("base64");
const env: ExprEnv = {
  variables: {
    ...expandKeys({
      "workflow.parameters.staff": JSON.stringify({
        people: [
          { name: "Ann", age: 43 },
          { name: "Bo", age: 42 },
        ],
      }),
      "workflow.parameters": "[]",
      "workflow.parameters.json": '[{"name":"x","value":"true"}]',
      "workflow.parameters.weather": JSON.stringify({ week: weather }),
      "workflow.creationTimestamp": "2026-01-02T03:04:05Z",
      "inputs.parameters.should-print": "true",
      "inputs.parameters.num": "2",
      "steps.flip-coin.outputs.result": "heads",
      "lastRetry.exitCode": "2",
    }),
    tasks: { producer: { outputs: { parameters: { msg: null } } }, skipped: {} },
    cron: { last: new GoTime(0) },
    data: ["a/main.log", "b/init.log"],
    list: [3, 1, 2],
    people: [
      { name: "Ann", age: 43 },
      { name: "Bo", age: 42 },
      { name: "Cy", age: 43 },
    ],
    none: null,
  },
  clock: { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 678) },
  random: new SeededRandom(7),
};
const text = (expression: string): string => exprText(evaluateExpr(compileExpr(expression), env));

describe("what manifests use", () => {
  test.each([
    ["toJson(filter([1, 3], {# > 1}))", "[3]"],
    ["jsonpath(workflow.parameters.json, '$[0].value') == 'true'", "true"],
    ['jsonpath(workflow.parameters.staff, "$.people[?(@.name==\\"Ann\\")].age")', "[43]"],
    ["jsonpath(workflow.parameters.staff, '$.people[?(@.age>41 && @.age<43)].name')", '["Bo"]'],
    ["jsonpath(workflow.parameters.staff, '$.people[0:1]')", '[{"age":43,"name":"Ann"}]'],
    ["jsonpath(workflow.parameters.staff, '$..age')", "[43,42]"],
    ["jsonpath(workflow.parameters.staff, '{.people[1].name}')", "Bo"],
    ["asInt(inputs.parameters.num) == 1 ? 1 : asInt(inputs.parameters.num) == 2 ? 'two' : 3", "two"],
    ["inputs.parameters[\"should-print\"] == 'true'", "true"],
    ["steps['flip-coin'].outputs.result == 'heads' ? 'H' : steps.other.outputs.result", "H"],
    ["tasks.producer.outputs.parameters.msg ?? 'fallback'", "fallback"],
    ["tasks.skipped.outputs.parameters.msg ?? 'fallback'", "fallback"],
    ["sprig.date('2006', workflow.creationTimestamp)", "2026"],
    ["cron.last == nil || (now() - cron.last).Seconds() > 360", "true"],
    ['filter(data, {# endsWith "main.log"})', '["a/main.log"]'],
    ["asInt(lastRetry.exitCode) > 1", "true"],
    [
      "map([jsonpath(sprig.b64dec(jsonpath(workflow.parameters.weather, '$.week')), '$.temps')], {toJson({avg: sprig.add(#[0], #[1], #[2], #[3], #[4]) / 5, min: sprig.min(#[0], #[2]), max: sprig.max(#[0], #[3])})})[0]",
      '{"avg":30.4,"max":50,"min":10}',
    ],
  ])("%s", (expression, expected) => {
    expect(text(expression)).toBe(expected);
  });
});

describe("the language", () => {
  test.each([
    ["1_000 + 0x10 + 0b11 + 0o7", "1026"],
    ["7 / 2", "3.5"],
    ["6 / 2", "3"],
    ["7 % 4 + 2 ** 3 ^ 1", "11"],
    ["-2 ** 2", "-4"],
    ["'a' + \"b\\n\" + `c\\`", "ab\nc\\"],
    ["not (1 == 1) or !false && true", "true"],
    ["2 in [1, 2] and 'k' in {k: 1} and 3 not in [1]", "true"],
    ["'abc' contains 'b' && 'abc' startsWith 'a' && not ('abc' matches '^b')", "true"],
    ["1..3", "[1,2,3]"],
    ["list[-1] + list[0]", "5"],
    ["list[1:]", "[1,2]"],
    ["'hello'[1:3]", "el"],
    [
      "'h\u00e9\u{1f600}l'[1:3] + string(indexOf('\u{1f600}l', 'l')) + string(len('\u{1f600}'))",
      "\u00e9\u{1f600}11",
    ],
    ["string([1.5, nil, 'a', {b: 2}]) + string(nil) + string(true)", "[1.5 <nil> a map[b:2]]<nil>true"],
    ["string(date('2024-02-29')) + ' ' + string(duration('90m'))", "2024-02-29 00:00:00 +0000 UTC 1h30m0s"],
    ["findIndex([1], # > 2) == nil and findLastIndex([1, 1], # == 1) == 1", "true"],
    ["date('2024-02-29')", "2024-02-29T00:00:00Z"],
    ["max([]) == nil and min([2, 1], 3) == 1", "true"],
    ["take([1], -1)", "!EXPR_EVALUATION"],
    ["upper('stra\u00dfe') + lower('\u039f\u03a3')", "STRA\u00dfE\u03bf\u03c3"],
    ["none?.a.b ?? 'x'", "x"],
    ["none ?: 1 == 1 ? 2 : 3", "!EXPR_EVALUATION"],
    ["let x = 2; let y = x + 1; x * y", "6"],
    ["if 1 > 2 {1} else if 2 > 1 {2} else {3}", "2"],
    ["list | filter(# > 1) | map(# * 2) | sum()", "10"],
    ["reduce(list, #acc + #, 10)", "16"],
    ["map(list, #index)", "[0,1,2]"],
    ["map(people, .name)", '["Ann","Bo","Cy"]'],
    [
      "groupBy(people, .age)",
      '{"42":[{"age":42,"name":"Bo"}],"43":[{"age":43,"name":"Ann"},{"age":43,"name":"Cy"}]}',
    ],
    ["countBy(people, .age)", '{"42":1,"43":2}'],
    ["sortBy(people, .age)[0].name + find(people, .age == 43).name", "BoAnn"],
    ["[findIndex(list, # == 1), findLastIndex(list, # > 0), count(list, # > 1), len('héé')]", "[1,2,2,3]"],
    ["all(list, # > 0) && any(list, # == 3) && one(list, # == 3) && none(list, # > 9)", "true"],
    ["[min(list), max(list, 9), mean(list), median([4, 1, 3])]", "[1,9,2,3]"],
    [
      "[sort(list), reverse(list), uniq([1, 1]), flatten([1, [2, [3]]]), concat([1], [2]), take(list, 2)]",
      "[[1,2,3],[2,1,3],[1],[1,2,3],[1,2],[3,1]]",
    ],
    ["fromPairs(toPairs({b: 1, a: 2}))", '{"a":2,"b":1}'],
    ["keys({b: 1, a: 2}) == ['a', 'b'] && get({a: 1}, 'z') == nil", "true"],
    [
      "join(split('a,b,c', ','), '-') + trim('  x ') + trimPrefix('abc', 'a') + replace('aa', 'a', 'b')",
      "a-b-cxbcbb",
    ],
    [
      "[upper('a'), lower('B'), repeat('ab', 2), indexOf('abc', 'c'), hasSuffix('ab', 'b')]",
      '["A","b","abab",2,true]',
    ],
    ["fromJSON(toJson({a: [1, 2.5]})).a[1]", "2.5"],
    ["fromBase64(toBase64('hi'))", "hi"],
    [
      "[int('7'), float('1.5'), string(3), type(1), type(1.5), type('x'), type(nil), type([]), type({})]",
      '[7,1.5,"3","int","float","string","nil","array","map"]',
    ],
    [
      "[abs(-2), ceil(1.2), floor(1.8), round(2.5), bitand(6, 3), bitor(4, 1), bitxor(6, 3), bitshl(1, 4), bitnot(0)]",
      "[2,2,1,3,2,5,5,16,-1]",
    ],
    ["duration('90m').Hours()", "1.5"],
    ["(date('2024-03-01') - date('2024-02-28')).Hours()", "48"],
    ["date('2024-02-28').AddDate(0, 0, 2).Format('Jan 2 2006')", "Mar 1 2024"],
    ["now().Format('2006-01-02T15:04:05.000Z07:00')", "2026-01-02T03:04:05.678Z"],
    ["now().In('Europe/Berlin').Format('15:04 -0700')", "04:04 +0100"],
    ["date('2024-01-01') + duration('1h') < now() && now().Year() == 2026", "true"],
    ["{b: 1, a: {d: 1, c: 2}}", '{"a":{"c":2,"d":1},"b":1}'],
    ["{(1 + 1): 'x', 'k y': 2}", '{"2":"x","k y":2}'],
    ["1 /* why */ + 1 // so", "2"],
    ["1; 'dropped'; [let x = 2; x + 1, 4]", "[3,4]"],
    ["[1 < 2 <= 2 < 3, 3 > 2 > 2, 2 > 1 < 0 < nope]", "[true,false,false]"],
    ["let len = 'mine'; ::len(len)", "4"],
    ["groupBy(1..3, # > 1)[true] | len()", "2"],
    ["let zone = timezone('Asia/Tokyo'); zone.String() + now().In(zone).Format(' 15h')", "Asia/Tokyo 12h"],
    ["get(nil, 'a') == nil and get([1], 7) == nil", "true"],
  ])("%s", (expression, expected) => {
    if (expected.startsWith("!"))
      expect(() => text(expression)).toThrow(expect.objectContaining({ code: expected.slice(1) }));
    else expect(text(expression)).toBe(expected);
  });

  test("says what an expression reads", () => {
    expect(
      compileExpr("let x = a.b; x + c['d'].e[0] + len(f) + map(g, .h)[0] + sprig.trim(i)").references,
    ).toEqual(["a.b", "c.d.e.0", "f", "g", "i"]);
  });
});

describe("an expression that cannot be right", () => {
  test.each([
    ["1 +", "EXPR_SYNTAX", 3],
    ["a b", "EXPR_SYNTAX", 2],
    ["'open", "EXPR_SYNTAX", 0],
    ["1 §", "EXPR_SYNTAX", 2],
    ["foo.bar ?? 1", "EXPR_EVALUATION", 0],
    ["1 + 'a'", "EXPR_EVALUATION", 2],
    ["list[9]", "EXPR_EVALUATION", 4],
    ["none.a", "EXPR_EVALUATION", 4],
    ["1 + sprig.env('HOME')", "EXPR_EVALUATION", 9],
    ["sprig", "EXPR_EVALUATION", 0],
    ["filter(list, #)", "EXPR_EVALUATION", 6],
    ["5 % 0", "EXPR_EVALUATION", 2],
    ["1 < 2 < 'a'", "EXPR_EVALUATION", 6],
    ["1 + abs(1, 2)", "EXPR_EVALUATION", 7],
    ["get(5, 'a')", "EXPR_EVALUATION", 3],
    ["1; ", "EXPR_SYNTAX", 3],
  ])("%s gives %s at %d", (expression, code, offset) => {
    expect(() => text(expression)).toThrow(
      expect.objectContaining({ code, details: expect.objectContaining({ offset }) }),
    );
  });

  test.each([
    "list.__proto__",
    "people[0].constructor",
    "{'__proto__': 1}",
    "fromPairs([['constructor', 1]])",
    "sprig.dict('prototype', 1)",
    "fromJSON('{\"__proto__\": 1}').__proto__",
  ])("%s never reaches a prototype", (expression) => {
    expect(() => text(expression)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/FORBIDDEN_KEY|EVALUATION/) }),
    );
  });

  test.each([
    "'a' | repeat(1000000000)",
    "1..1000000000",
    "map(1..1000, {map(1..1000, {#})})",
    "reduce(1..60, #acc + #acc, 'ab')",
    "sprig.repeat(1000000000, 'a')",
    "sprig.until(1000000000)",
    "sprig.indent(1000000000, 'a')",
    "toJson(reduce(1..40, [#acc, #acc], [1]))",
    "sprig.randAlpha(1000000000)",
    `${"1+".repeat(1_000_000)}1`,
    "(".repeat(60_000),
    "[".repeat(60_000),
    "!".repeat(60_000),
    `${"-".repeat(60_000)}1`,
    `a${".b".repeat(20_000)}`,
    `${"1?".repeat(9_000)}`,
    `${"let x = 1;".repeat(2_000)}x`,
    "'a' matches '((((a{900}){900}){900}){900})'",
    `1${" < 2".repeat(20_000)}`,
    `${"(0 < ".repeat(9_000)}1${" < 2)".repeat(9_000)}`,
    `${"1;".repeat(9_000)}1`,
  ])("a greedy one is stopped: %.40s", (expression) => {
    expect(() => text(expression)).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^EXPR_(LIMIT|SYNTAX|REGEX)$/) }),
    );
  });

  test("time and chance come only from outside", () => {
    const bare = { variables: {} };

    for (const expression of ["now()", "sprig.now()", "sprig.uuidv4()", "sprig.shuffle('abc')"])
      expect(() => evaluateExpr(compileExpr(expression), bare)).toThrow(/not/);
  });
});
