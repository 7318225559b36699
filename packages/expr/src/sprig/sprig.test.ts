import { SeededRandom } from "@sluice/base";
import { describe, expect, test } from "vitest";
import { compileExpr } from "../exprlang/compile.ts";
import { evaluateExpr } from "../exprlang/evaluate.ts";
import { exprText } from "../exprlang/text.ts";
import { sprigFunctions } from "./registry.ts";

const env = { variables: {}, clock: { now: () => 1_700_000_000_000 }, random: new SeededRandom(1) };
const run = (expression: string): string => exprText(evaluateExpr(compileExpr(`sprig.${expression}`), env));

describe("sprig", () => {
  test.each([
    ["title('hello world')", "Hello World"],
    ["substr(0, 5, 'hello world')", "hello"],
    ["trunc(-3, 'abcdef')", "def"],
    ["trimAll('$', '$5$')", "5"],
    ["nospace(' a b ')", "ab"],
    ["snakecase('FirstName')", "first_name"],
    ["kebabcase('FirstName')", "first-name"],
    ["camelcase('http_server')", "HttpServer"],
    ["camelcase('_foo__bar HTTPServer-x.y_')", "_Foo_BarHttpserverX.y_"],
    ["snakecase('HTTP20xOK fooBar1Baz22-a.b')", "http_20x_ok_foo_bar1_baz22_a.b"],
    ["kebabcase('Bld4Floor3rd')", "bld4-floor-3rd"],
    ['title("o\'neil the-man")', "O'Neil The-Man"],
    ["wrap(5, 'aaa bbbbbbbbb cc')", "aaa\nbbbbbbbbb\ncc"],
    ["wrapWith(3, '|', 'abcdefgh ij k')", "abc|def|gh|ij|k"],
    ["int('010') + sprig.int('0x1F') + sprig.int('1_000') + sprig.int('5.0') + sprig.int('5.9')", "1044"],
    ["atoi('010') + sprig.atoi('5.5')", "10"],
    ["toString([1, 'a', {b: nil}])", "[1 a map[b:<nil>]]"],
    ["toStrings('x')", '["x"]'],
    ["typeOf([1]) + sprig.kindOf([1]) + sprig.typeOf({})", "[]interface {}slicemap[string]interface {}"],
    ["untilStep(5, 0, -2)", "[5,3,1]"],
    ["seq(0, 2, 10) + '|' + sprig.seq(10, -3, 1) + '|' + sprig.seq()", "0 2 4 6 8 10|10 7 4 1|"],
    ["fromJson('bad') == nil ? 'nil' : ''", "nil"],
    ["regexMatch('[', 'a')", "false"],
    ["durationRound('2h10m5s') + sprig.durationRound('400h') + sprig.durationRound('later')", "2h16d0s"],
    ["semver('v1.2.3-rc.1+b').Minor() + sprig.semver('1.2').Patch()", "2"],
    ["semver('1.2.3').Compare(sprig.semver('1.10.0')) < 0", "true"],
    ["semver('v1.2.3-rc.1+b')", "1.2.3-rc.1+b"],
    ["urlParse('http://u:p@[::1]:80/a%20b?x=1#f').hostname", "::1"],
    ["urlParse('mailto:a@b.c').opaque + sprig.urlParse('/p?q=1').query", "a@b.cq=1"],
    ["urlJoin({scheme: 'http', host: 'h', opaque: 'o', query: 'q'})", "http:o?q"],
    ["base('') + sprig.base('/') + sprig.dir('/a/b/../c') + sprig.dir('')", "./" + "/a."],
    ["decryptAES('pw', sprig.encryptAES('pw', 'text'))", "text"],
    ["b64dec('YWJj\\nZGVm')", "abcdef"],
    ["abbrev(5, 'hello world')", "he..."],
    ["quote('a\"b')", '"a\\"b"'],
    ["nindent(2, 'a\\nb')", "\n  a\n  b"],
    ["replace(' ', '-', 'a b c')", "a-b-c"],
    ["plural('one', 'many', 2)", "many"],
    ["join(',', ['a', 1])", "a,1"],
    ["splitList('$', 'a$b')", '["a","b"]'],
    ["add('1', 2.9, 3)", "6"],
    ["div(7, 2)", "3"],
    ["round(123.5555, 3)", "123.556"],
    ["untilStep(3, 9, 2)", "[3,5,7]"],
    ["seq(2, 4)", "2 3 4"],
    ["default('d', '')", "d"],
    ["coalesce(0, '', 'x')", "x"],
    ["ternary('y', 'n', true)", "y"],
    ["merge({a: 1}, {a: 2, b: 3})", '{"a":1,"b":3}'],
    ["dig('a', 'b', 'd', {a: {b: 1}})", "1"],
    ["without([1, 2, 3], 2)", "[1,3]"],
    ["chunk(2, [1, 2, 3])", "[[1,2],[3]]"],
    ["regexReplaceAll('a(x*)b', '-ab-axxb-', '${1}W')", "-W-xxW-"],
    ["regexFindAll('[2,4,6,8]', '123456789', -1)", '["2","4","6","8"]'],
    ["regexSplit('z+', 'pizza', -1)", '["pi","a"]'],
    ["b64dec(sprig.b64enc('hi'))", "hi"],
    ["b32dec(sprig.b32enc('hello'))", "hello"],
    ["sha256sum('')", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    ["adler32sum('Wikipedia')", "300286872"],
    ["semverCompare('^1.2.0', '1.9.3')", "true"],
    ["semverCompare('>=1.2, <2', '2.0.0')", "false"],
    ["base('/a/b.txt') + sprig.ext('b.txt') + sprig.dir('/a/b')", "b.txt.txt/a"],
    ["clean('/a/../b/./c')", "/b/c"],
    ["date('2006-01-02', sprig.now())", "2023-11-14"],
    ["dateModify('-1h', sprig.toDate('2006-01-02', '2024-01-01')).Hour()", "23"],
    ["unixEpoch(sprig.now())", "1700000000"],
  ])("%s is %s", (expression, expected) => {
    expect(run(expression)).toBe(expected);
  });

  test.each([
    ["1.2.x", "1.2.9", true],
    ["1", "1.9.0", true],
    ["!=1.2", "1.2.3", false],
    [">1", "1.5.0", false],
    [">1.2", "1.3.0", true],
    ["<=1.2", "1.2.9", true],
    ["^0.2.3", "0.3.0", false],
    ["^0", "0.9.0", true],
    ["^0.0.3", "0.0.4", false],
    ["~1", "1.9.0", true],
    ["~>1.2", "1.3.0", false],
    ["=>1.0.0", "1.0.0", true],
    ["1.2.3 - 2.3", "2.3.9", true],
    ["<1 || >=2, <3", "2.5.0", true],
    ["*", "3.1.4", true],
    ["*", "3.1.4-beta", false],
    [">=1.0.0-0", "1.0.0-beta", true],
    ["<1.0.0-beta.11", "1.0.0-beta.2", true],
    ["v1.2.3", "1.2.3+build", true],
  ])("the constraint %s of %s is met: %s", (constraint, version, met) => {
    expect(run(`semverCompare('${constraint}', '${version}')`)).toBe(String(met));
  });

  test.each([
    "semverCompare('', '1.0.0')",
    "semverCompare('>=', '1.0.0')",
    "semver('x')",
    "b64dec('!!')",
    "mustRegexMatch('[', 'a')",
    "decryptAES('pw', 'YQ==')",
  ])("%s is an error with a code", (expression) => {
    expect(() => run(expression)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^EXPR_/) }));
  });

  test("random texts have the asked length and alphabet, and repeat with the seed", () => {
    const once = () =>
      exprText(evaluateExpr(compileExpr("sprig.randNumeric(8)"), { ...env, random: new SeededRandom(3) }));

    expect(once()).toMatch(/^\d{8}$/);
    expect(once()).toBe(once());
  });

  test("has nothing that reaches the host", () => {
    for (const name of ["env", "expandenv", "getHostByName", "genPrivateKey", "constructor", "__proto__"])
      expect(sprigFunctions().has(name)).toBe(false);
  });

  test("knows the other names of its functions", () => {
    const value = (text: string) => evaluateExpr(compileExpr(text), { variables: {} });
    expect(value("sprig.mustRegexFind('[0-9]+', 'a12')")).toBe("12");
    expect(value("sprig.push([1], 2)")).toEqual([1, 2]);
    expect(value("sprig.osBase('/a/b')")).toBe("b");
    expect(
      value("sprig.urlJoin(sprig.dict('scheme', 'https', 'host', 'h', 'path', '/p', 'query', 'q=1'))"),
    ).toBe("https://h/p?q=1");
    expect(value("splitN('a,b,c', ',', 2)")).toEqual(["a", "b,c"]);
  });
});
