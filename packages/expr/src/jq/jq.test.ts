import { hasCode } from "@sluice/base";
import { describe, expect, it } from "vitest";
import { compileJq } from "./jq.ts";

const input = {
  a: [1, 2, { b: null, c: "x" }],
  s: "héllo wörld",
  n: 3.5,
  o: { z: 1, a: 2 },
  e: [],
  t: "2015-03-05T23:51:47Z",
  list: [
    { k: "a", v: 3 },
    { k: "b", v: 1 },
    { k: "a", v: 2 },
  ],
};
const sorted = (_: string, value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
    : Number.isFinite(value) || typeof value !== "number"
      ? value
      : Number.isNaN(value)
        ? null
        : Math.sign(value) * Number.MAX_VALUE;
const results = (filter: string): string =>
  compileJq(filter)
    .run(input, { clock: { now: () => 0 } })
    .map((value) => JSON.stringify(value, sorted))
    .join(" | ");

/** Filters over `input`, and what jq 1.6 prints for them, one result after the other. */
const cases: readonly (readonly [string, string])[] = [
  [".a", '[1,2,{"b":null,"c":"x"}]'],
  [".a[2].b", "null"],
  [".a[]", '1 | 2 | {"b":null,"c":"x"}'],
  [".a[-1]", '{"b":null,"c":"x"}'],
  [".a[1:]", '[2,{"b":null,"c":"x"}]'],
  [".s[1:3]", '"él"'],
  [".missing.x", "null"],
  ['.["a"][0]', "1"],
  ['."s"', '"héllo wörld"'],
  ["[.a[]|numbers]", "[1,2]"],
  [".a|length", "3"],
  [".s|length", "11"],
  ["keys", '["a","e","list","n","o","s","t"]'],
  [".o|with_entries(.value+=1)", '{"a":3,"z":2}'],
  ['[.list[]|select(.k=="a")|.v]|add', "5"],
  [".list|group_by(.k)", '[[{"k":"a","v":3},{"k":"a","v":2}],[{"k":"b","v":1}]]'],
  [".list|map(.v)|sort", "[1,2,3]"],
  [".list|sort_by(.v)|map(.k)", '["b","a","a"]'],
  [".list|unique_by(.k)|length", "2"],
  [".list|min_by(.v),max_by(.v)", '{"k":"b","v":1} | {"k":"a","v":3}'],
  [".list|map({(.k):.v})|add", '{"a":2,"b":1}'],
  ["[.list[]|{k,x:.v}]", '[{"k":"a","x":3},{"k":"b","x":1},{"k":"a","x":2}]'],
  ["{a:(1,2),b:(3,4)}", '{"a":1,"b":3} | {"a":1,"b":4} | {"a":2,"b":3} | {"a":2,"b":4}'],
  ["[(1,2)+(10,20)]", "[11,12,21,22]"],
  ["[1,2,3]|.[1]=5", "[1,5,3]"],
  [
    '.a|=map(select(type=="number"))',
    '{"a":[1,2],"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":3.5,"o":{"a":2,"z":1},"s":"héllo wörld","t":"2015-03-05T23:51:47Z"}',
  ],
  [
    "del(.o.z,.s)",
    '{"a":[1,2,{"b":null,"c":"x"}],"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":3.5,"o":{"a":2},"t":"2015-03-05T23:51:47Z"}',
  ],
  ["[leaf_paths]|length", "14"],
  ['getpath(["o","z"])', "1"],
  ['.o|has("z"),has("q")', "true | false"],
  [".a|has(1),has(9)", "true | false"],
  [".a|contains([1])", "true"],
  ['"foobar"|contains("bar")', "true"],
  [".a|index(2)", "1"],
  ['"a,b, cd"|index(", ")', "3"],
  ['"a,b,cd"|split(",")', '["a","b","cd"]'],
  ['["a","b"]|join("-")', '"a-b"'],
  ['[1,null,"x"]|join(",")', '"1,,x"'],
  ['"test"|ltrimstr("te"),rtrimstr("st")', '"st" | "te"'],
  ['"abc"|explode|implode', '"abc"'],
  ['"abc"|ascii_upcase', '"ABC"'],
  ['"x\\(1+2)y\\("z")"', '"x3yz"'],
  ['@base64 "x\\(.s)"', '"xaMOpbGxvIHfDtnJsZA=="'],
  [".s|@base64", '"aMOpbGxvIHfDtnJsZA=="'],
  [".s|@base64|@base64d", '"héllo wörld"'],
  [".s|@uri", '"h%C3%A9llo%20w%C3%B6rld"'],
  ['[1,"a\\"b",null,true]|@csv', '"1,\\"a\\"\\"b\\",,true"'],
  ['[1,"a\\tb"]|@tsv', '"1\\ta\\\\tb"'],
  ['["a b","c\'d",1]|@sh', "\"'a b' 'c'\\\\''d' 1\""],
  ["{a:1}|@json", '"{\\"a\\":1}"'],
  ["[.a[]|tostring]", '["1","2","{\\"b\\":null,\\"c\\":\\"x\\"}"]'],
  ['"1.5"|tonumber', "1.5"],
  ["1 as $x|2 as $y|[$x,$y]", "[1,2]"],
  [". as {a:[$f,$g],$n}|[$f,$g,$n]", "[1,2,3.5]"],
  [". as {list:[{k:$kk}]}|$kk", '"a"'],
  ["reduce .list[] as $i (0;.+$i.v)", "6"],
  ["[foreach .list[] as $i (0;.+$i.v)]", "[3,4,6]"],
  ["[foreach .list[] as $i (0;.+$i.v;[$i.k,.])]", '[["a",3],["b",4],["a",6]]'],
  ['if .n>3 then "big" elif .n>2 then "mid" else "small" end', '"big"'],
  ["if false then 1 else 2 end", "2"],
  ['[.a[]|if type=="number" then .+1 else . end]', '[2,3,{"b":null,"c":"x"}]'],
  ['try error("x") catch .', '"x"'],
  [".a[0].x?", ""],
  ["[.[]?]|length", "7"],
  ["[.a[]|.b?]", "[null]"],
  ["(.a|.[0].b)?", ""],
  ["[range(5)]", "[0,1,2,3,4]"],
  ["[range(2;5)]", "[2,3,4]"],
  ["[range(0;10;3)]", "[0,3,6,9]"],
  ["[range(5;0;-2)]", "[5,3,1]"],
  ["[limit(3;range(10))]", "[0,1,2]"],
  ["first(range(5;10))", "5"],
  ["[first(empty)]", "[]"],
  ["[.[]|numbers]", "[3.5]"],
  ["isempty(empty)", "true"],
  ["[1,[2,[3]]]|flatten", "[1,2,3]"],
  ["[1,[2,[3]]]|flatten(1)", "[1,2,[3]]"],
  ["[3,1,2]|sort|reverse", "[3,2,1]"],
  ["[1,1,2]|unique", "[1,2]"],
  ["[[1,2],[3]]|transpose", "[[1,3],[2,null]]"],
  ["[1,2]|combinations(2)", "[1,1] | [1,2] | [2,1] | [2,2]"],
  ["[[1,2],[3,4]]|[combinations]", "[[1,3],[1,4],[2,3],[2,4]]"],
  ["def f(x):x*2;f(3)", "6"],
  ["def f($a;$b):$a+$b;f(1;2)", "3"],
  ["def fac:if .<=1 then 1 else .*(.-1|fac) end;10|fac", "3628800"],
  ["[recurse(if .<3 then .+1 else empty end)]|length", "1"],
  ["2|[recurse(if .<4 then .+1 else empty end)]", "[2,3,4]"],
  ["[.a|..]|length", "6"],
  ["1|until(.>100;.*2)", "128"],
  ["[1|while(.<50;.*2)]", "[1,2,4,8,16,32]"],
  ["label $out|1,2,break $out,3", "1 | 2"],
  ["[label $f|range(10)|.,(select(.==3)|break $f)]", "[0,1,2,3]"],
  [".n|floor,ceil,sqrt", "3 | 4 | 1.8708286933869707"],
  ["pow(2;10)", "1024"],
  ["[1,2,3]|any(.>2),all(.>0)", "true | true"],
  ["[true,false]|any,all", "true | false"],
  ['"test 123 abc 45"|[match("[0-9]+";"g").string]', '["123","45"]'],
  ['"test"|test("^T";"i")', "true"],
  ['"foo bar"|capture("(?<a>[a-z]+) (?<b>[a-z]+)")', '{"a":"foo","b":"bar"}'],
  ['"a1b22"|gsub("[0-9]+";"<\\(.)>")', '"a<{}>b<{}>"'],
  ['"a1b22"|gsub("(?<d>[0-9]+)";"<\\(.d)>")', '"a<1>b<22>"'],
  ['"abc"|sub("b";"X")', '"aXc"'],
  ['"a, b,c"|[splits(", *")]', '["a","b","c"]'],
  [".t|fromdateiso8601", "1425599507"],
  ["1425599507|todate", '"2015-03-05T23:51:47Z"'],
  ["1425599507|gmtime", "[2015,2,5,23,51,47,4,63]"],
  ['1425599507|strftime("%A, %B %d, %Y %j %U %e")', '"Thursday, March 05, 2015 064 09  5"'],
  ['"2015-03-05T23:51:47Z"|strptime("%Y-%m-%dT%H:%M:%SZ")|mktime', "1425599507"],
  ["tojson|fromjson|.n", "3.5"],
  ["[.a[]|type]", '["number","number","object"]'],
  ["[nan]|sort", "[null]"],
  ["nan<nan", "true"],
  ['[1,"a",null,true,false,[],{}]|sort', '[null,false,true,1,"a",[],{}]'],
  ["{}|.a.b|=1", '{"a":{"b":1}}'],
  ["{a:1}+{b:2}", '{"a":1,"b":2}'],
  ["{a:{b:1}}*{a:{c:2}}", '{"a":{"b":1,"c":2}}'],
  ["[1,2,3,1]-[1]", "[2,3]"],
  ['"abc"*3', '"abcabcabc"'],
  ['"a,b"/","', '["a","b"]'],
  ["5%3", "2"],
  ["-5%3", "-2"],
  ["5/2", "2.5"],
  ["1e3", "1000"],
  ["null+1", "1"],
  ["[.list[]|.v]|min,max", "1 | 3"],
  ["$__loc__", '{"file":"<top-level>","line":1}'],
  ['[splits("a")]?', ""],
  ["fromstream(tostream)|.n", "3.5"],
  ["[1|truncate_stream([[0],1],[[1,0],2],[[1,0]],[[1]])]", "[[[0],2],[[0]]]"],
  ["[.list[]|.k]|unique|length", "2"],
  ["INDEX(.list[];.k)|keys", '["a","b"]'],
  ['[.list[]|IN({k:"a",v:3})]', "[true,false,false]"],
  [".a as [$p,$q]|$p+$q", "3"],
  ['.list|walk(if type=="object" then del(.v) else . end)', '[{"k":"a"},{"k":"b"},{"k":"a"}]'],
  ["[1,2]|tojson", '"[1,2]"'],
  ['"\\u00e9\\n"', '"é\\n"'],
  [".o|map_values(.+1)", '{"a":3,"z":2}'],
  ["[.a[]|values]|length", "3"],
  [".list|first,last", '{"k":"a","v":3} | {"k":"a","v":2}'],
  ["nth(2;range(10))", "2"],
  ["[1,2,3]|nth(1)", "2"],
  ["[1,2,3]|IN(2)", "false"],
  ["[]|implode", '""'],
  ["{a:1}|tojson|fromjson", '{"a":1}'],
  ['getpath(["a",2,"c"])', '"x"'],
  ["[.a[2]|to_entries[]|.key]", '["b","c"]'],
  ["[..]|length", "24"],
  [
    "(.a,.n)|=1",
    '{"a":1,"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":1,"o":{"a":2,"z":1},"s":"héllo wörld","t":"2015-03-05T23:51:47Z"}',
  ],
  [
    ".a[1:]=[9]",
    '{"a":[1,9],"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":3.5,"o":{"a":2,"z":1},"s":"héllo wörld","t":"2015-03-05T23:51:47Z"}',
  ],
  [
    ".a[1:]|=map(1)",
    '{"a":[1,1,1],"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":3.5,"o":{"a":2,"z":1},"s":"héllo wörld","t":"2015-03-05T23:51:47Z"}',
  ],
  [
    "del(.a[1:])",
    '{"a":[1],"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":3.5,"o":{"a":2,"z":1},"s":"héllo wörld","t":"2015-03-05T23:51:47Z"}',
  ],
  ["to_entries[0].key", '"a"'],
  [".s|ascii_downcase", '"héllo wörld"'],
  ['[.list[]|"\\(.k)=\\(.v)"]|join(";")', '"a=3;b=1;a=2"'],
  [".list|map(select(.v>=2))|length", "2"],
  ['"abc"|.[1:]|.[0:1]', '"b"'],
  [". as [$a] ?// {$n} | [$a,$n]", "[null,3.5]"],
  ["[[1,2],[3]]|.[] as [$a,$b]|{a:$a,b:$b}", '{"a":1,"b":2} | {"a":3,"b":null}'],
  ['@text "a\\(1)"', '"a1"'],
  ['@json "x\\([1,"a"])"', '"x[1,\\"a\\"]"'],
  ["[.[]|arrays]|length", "3"],
  ["bsearch(1)?", ""],
  ["[1,2,3]|bsearch(2)", "1"],
  ["[1,2,3]|bsearch(5)", "-4"],
  ['"a"|ascii_downcase|@text', '"a"'],
  ["1 as $x | [$x,$x+1] | . as [$a,$b] | $a*$b", "2"],
  ["reduce empty as $x (0;1)", "0"],
  ["[reduce range(3) as $x (0;.+$x,.*2)]", "[0]"],
  ["def f: def g: 3; g; f", "3"],
  ["def f(g): [g,g]; f(1,2)", "[1,2,1,2]"],
  ["[.list[].v]|add/length", "2"],
  ['{"a b":1}|."a b"', "1"],
  ['{"if":1}|.if', "1"],
  ['{"a":1,"b":2}|{a,b:3}', '{"a":1,"b":3}'],
  ["{a:1}|.a as $v|{$v}", '{"v":1}'],
  ["[1,2]|.[0] as $x|.[1]|.+$x", "3"],
  [".a|.[2]|keys|.[0]", '"b"'],
  ["infinite", "1.7976931348623157e+308"],
  ["[infinite,-infinite]|tojson", '"[1.7976931348623157e+308,-1.7976931348623157e+308]"'],
  ["1,2", "1 | 2"],
  ["empty", ""],
  ["[empty]", "[]"],
  ["not", "false"],
  ["null|not", "true"],
  ["true and (true,false)", "true | false"],
  ["(true,false) or false", "true | false"],
  ["[true,false|not]", "[false,true]"],
  ["1 == 1.0", "true"],
  ['"a" < "b"', "true"],
  ["[] < {}", "true"],
  ["{a:1} < {a:2}", "true"],
  ['.list[0]|delpaths([["k"]])', '{"v":3}'],
  ['.list|del(.[]|select(.k=="a"))', '[{"k":"b","v":1}]'],
  ['.list|to_entries|map("\\(.key)")', '["0","1","2"]'],
  ["[.list[]|.v]|sort|.[0]", "1"],
  ["tojson|length", "165"],
  ['@sh "echo \\(.s)"', "\"echo 'héllo wörld'\""],
  ['getpath(["x","y"])', "null"],
  ['[getpath(["a",0],["n"])]', "[1,3.5]"],
  [".list[1:]|length", "2"],
  [".list|.[:1]", '[{"k":"a","v":3}]'],
  [".list|.[-1:]", '[{"k":"a","v":2}]'],
  ['"aéb"|.[1:2]', '"é"'],
  ['"x"|ascii_downcase,length,utf8bytelength', '"x" | 1 | 1'],
  ["[.[]|objects]|length", "1"],
  [".list|group_by(.k)|map({k:.[0].k,total:(map(.v)|add)})", '[{"k":"a","total":5},{"k":"b","total":1}]'],
  ["[range(3)]|.[1:]|length", "2"],
  ["[.a[:2]|.[]]", "[1,2]"],
  [".a|first(.[]|select(.==2))", "2"],
  ["[.a[0,1]]", "[1,2]"],
  ["[1,2,3]|del(.[0,2])", "[2]"],
  ["[[3,1],[2]]|map(sort)", "[[1,3],[2]]"],
  ['[{"name":"a","value":1}]|from_entries', '{"a":1}'],
  ['.a|.b? // "none"', '"none"'],
  ["limit(1;.a[])", "1"],
  ["[.a[]|tojson]", '["1","2","{\\"b\\":null,\\"c\\":\\"x\\"}"]'],
  ['"1 2"|split(" ")|map(tonumber)|add', "3"],
  ["[3,1]|min_by(.)", "1"],
  ['ltrimstr("a")|type', '"object"'],
  [".n|tostring|length", "3"],
  ["{(.s):1}|keys", '["héllo wörld"]'],
  ['{"a\\(1)":2}', '{"a1":2}'],
  ['{"x":1}|has("x")', "true"],
  ["[1]|has(0)", "true"],
  [".e|add", "null"],
  [".e|max", "null"],
  ["[1,2]|indices(1)", "[0]"],
  ["[0,1,2,1,3,1,2]|indices([1,2])", "[1,5]"],
  ['"a,b"|indices(",")', "[1]"],
  ["splits(1)?", ""],
  ['"abc"|test("B";"ix")', "true"],
  ['"aab"|[match("a";"g")|.offset]', "[0,1]"],
  ['"foo"|[match("(?<x>z)?o";"g")|.captures[0].string]', "[null,null]"],
  ['[.list[] as {k:$a,v:$b} | "\\($a)\\($b)"]', '["a3","b1","a2"]'],
  [
    'getpath(["a"])|=[1]',
    '{"a":[1],"e":[],"list":[{"k":"a","v":3},{"k":"b","v":1},{"k":"a","v":2}],"n":3.5,"o":{"a":2,"z":1},"s":"héllo wörld","t":"2015-03-05T23:51:47Z"}',
  ],
  ["any(.list[];.v>2)", "true"],
  ["all(.list[].v;.>0)", "true"],
  ["[.list[]|.v]|(add/length)|round", "2"],
  ["1.7e308*10", "1.7976931348623157e+308"],
  ["0.1+0.2", "0.30000000000000004"],
  ["3.0", "3"],
  ["[1,2][0]", "1"],
  ["[1,2] | .[0:1][0]", "1"],
  ["try ({}|.[0]) catch .", '"Cannot index object with number"'],
  ["try (1|keys) catch .", '"number (1) has no keys"'],
  ['try ([]|has("a")) catch .', '"Cannot check whether array has a string key"'],
  ["try ({a:1}-1) catch .", '"object ({\\"a\\":1}) and number (1) cannot be subtracted"'],
  ["try error({a:1}) catch .a", "1"],
  ["[.[]?|strings]", '["héllo wörld","2015-03-05T23:51:47Z"]'],
  ["[..|numbers]|add", "15.5"],
];

describe("a jq filter gives what jq gives", () => {
  it.each(cases)("%s", (filter, expected) => {
    expect(results(filter)).toBe(expected);
  });

  it.each([
    ['"aXbxc"|[scan("x";"i")]', '["X","x"]'],
    ["[skip(1;1,2,3)]", "[2,3]"],
    [".o|pick(.z)", '{"z":1}'],
    ["-3|abs", "3"],
    ['[" a "|trim,ltrim,rtrim]', '["a","a "," a"]'],
    ["3|toarray", "[3]"],
    ["[1,2]|add(.[])", "3"],
    ["if false then 1 end", JSON.stringify(input, sorted)],
    ["[.a.[0]]", "[1]"],
    ["try error(null) catch .", "null"],
    ['[try (1, error("x"), 3) catch .]', '[1,"x"]'],
    ['[(1, false, error("x"), 3) // 4], [(false, error("x")) // 4]', "[1] | [4]"],
    ['first(try (1, error("x")) catch error("asked for"))', "1"],
    ['"abc"|[match("";"g").offset]', "[0,1,2,3]"],
    [". as [$a] ?// {$n} | [$a,$n]", "[null,3.5]"],
    ["[.a[] | .b?]", "[null]"],
    ["now", "0"],
  ])("of jq 1.7: %s", (filter, expected) => {
    expect(results(filter)).toBe(expected);
  });

  it("walks and prints maps in the order of their keys, as the incumbent's does", () => {
    expect(results("[.o[]], (.o|keys_unsorted), (.o|tojson)")).toBe(
      '[2,1] | ["a","z"] | "{\\"a\\":2,\\"z\\":1}"',
    );
  });
});

describe("what a filter makes of a parameter", () => {
  it("is a line for each result, texts as they are", () => {
    expect(compileJq(".s, .n, .o, .a[2].b").render(input)).toBe('héllo wörld\n3.5\n{"a":2,"z":1}\nnull');
    expect(compileJq("empty").render(input)).toBe("");
  });
});

describe("a filter that is wrong", () => {
  it.each([
    [".a[", 3, "unexpected end of filter"],
    ['"abc', 0, "this text is never closed"],
    ["1 +", 3, "unexpected end of filter"],
    [".a | $x", 5, "$x is not defined"],
    ["foo", 0, "foo/0 is not defined"],
    [".a | map", 5, "map/0 is not defined; it takes 1 arguments"],
    ["@foo", 0, "@foo is not a format"],
    ["break $out", 0, "$*label-out is not defined"],
    ["if . then 1", 11, "wanted 'end'"],
    [". as [$a", 8, "wanted ']'"],
    ["def f: 1", 8, "wanted ';'"],
    [".a }", 3, "unexpected '}'"],
  ])("%s is refused at %i, before it runs", (filter, offset, reason) => {
    expect(() => compileJq(filter)).toThrow(
      expect.objectContaining({
        code: "EXPR_SYNTAX",
        message: expect.stringContaining(reason),
        details: expect.objectContaining({ offset }),
      }),
    );
  });

  it.each([
    [".a.b", "Cannot index array with"],
    [".n[]", "Cannot iterate over number (3.5)"],
    ["error({a: 1})", '{"a":1} (not a string)'],
    ["1 / 0", "the divisor is zero"],
    ["{(1): 2}", "Object keys must be strings"],
    ["path(1)", "Invalid path expression"],
    // What catches an error catches none of what is done with its items.
    ['try (1, 2) catch "caught" | error("behind")', "behind"],
    ['(1, 2) // "other" | error("behind")', "behind"],
    ['try (label $out | 1, error("within")) | error("behind")', "behind"],
  ])("%s fails with its place", (filter, reason) => {
    expect(() => compileJq(filter).run(input)).toThrow(
      expect.objectContaining({ code: "EXPR_EVALUATION", message: expect.stringContaining(reason) }),
    );
  });
});

describe("a filter sees its input and nothing else", () => {
  it.each([
    "env",
    "$ENV",
    "$ENV.PATH",
    "input",
    "inputs",
    "input_filename",
    "halt",
    'import "a" as a; 1',
    'include "a"; 1',
    "get_search_list",
    "$__prog_args",
  ])("%s is refused", (filter) => {
    expect(() => compileJq(filter)).toThrow(expect.objectContaining({ code: "EXPR_SYNTAX" }));
  });

  it("never reads or makes what reaches a prototype", () => {
    const hostile = ['.["__proto__"]', ".constructor", '{"__proto__": 1}', 'setpath(["__proto__","x"]; 1)'];
    hostile.push('"{\\"__proto__\\": {\\"x\\": 1}}" | fromjson', '[["__proto__","x"]] | fromstream(.)');
    for (const filter of hostile) {
      try {
        compileJq(filter).run({});
      } catch (error) {
        expect(hasCode(error, "EXPR_FORBIDDEN_KEY") || hasCode(error, "EXPR_EVALUATION"), filter).toBe(true);
      }
    }
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it.each([
    "def f: f; f",
    "def f: 1 + f; f",
    "[range(1e9)]",
    "[range(0; 1; 0.0000000001)] | length",
    "range(1e12)",
    "[limit(1e9; repeat(1))]",
    '"x" * 1e9',
    'reduce range(1e5) as $i ("x"; . + .)',
    "[[range(300)] | combinations(4)]",
    ". as $x | until(false; .)",
    "[recurse(.)]",
    "last(range(1e10))",
    '[range(2000)] | map("x" * 1000) | join("")',
    "setpath([1e9]; 1)",
    '("a" * 100000) | [match("a*?"; "g")] | length',
    '"[" * 90000 | fromjson',
    "reduce range(1e6) as $i ([]; [.])",
    "reduce range(5000) as $i (0; [.]) | tojson",
    '[splits("a"; null)]',
  ])("%s ends, within its bounds", { timeout: 60_000 }, (filter) => {
    try {
      compileJq(filter).run(input);
    } catch (error) {
      expect(
        ["EXPR_LIMIT", "EXPR_EVALUATION"].some((code) => hasCode(error, code)),
        String(error),
      ).toBe(true);
    }
  });
});
