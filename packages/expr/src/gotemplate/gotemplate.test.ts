import { describe, expect, test } from "vitest";
import { formatGo } from "../format-go.ts";
import { compileGoTemplate } from "./template.ts";

const data = {
  Input: {
    body: { n: 3_912_844, s: "hello big world", list: ["a", "b"], map: { y: 2, x: 1 }, nil: null, f: 1.5 },
  },
};
const render = (text: string): string => compileGoTemplate(text).render(data);

describe("what a template prints", () => {
  test.each([
    ["{{ .Input.body.s | title }}", "Hello Big World"],
    ["{{ .Input.body.s | nospace | upper }}-", "HELLOBIGWORLD-"],
    ["{{ .Input.body.n }}-{{ .Input.body.s | substr 0 5 }}", "3912844-hello"],
    ["{{ .Input.body.none }}", "<no value>"],
    ["{{ .Input.body.nil }}", "<no value>"],
    ["{{ .Input.body.none.deeper.still }}", "<no value>"],
    [
      '{{ with semver "v1.20.3-rc.1" }}{{ .Major }}.{{ add .Minor 1 }} {{ eq .Patch 3 }} {{ .Prerelease }}{{ end }}',
      "1.21 true rc.1",
    ],
    ['{{ printf "%[2]s-%[1]s" "a" "b" }}{{ printf "%!" 1 }}', "b-a%!!(int=1)"],
    ["{{ .Input.body.list }} {{ .Input.body.map }}", "[a b] map[x:1 y:2]"],
    ["{{ if eq .Input.body.n 1 }}one{{ else if gt .Input.body.n 5 }}many{{ else }}few{{ end }}", "many"],
    ["{{ range $i, $v := .Input.body.list }}{{ $i }}={{ $v }};{{ end }}", "0=a;1=b;"],
    ["{{ range $k, $v := .Input.body.map }}{{ $k }}{{ $v }}{{ end }}", "x1y2"],
    ["{{ range .Input.body.none }}x{{ else }}empty{{ end }}", "empty"],
    ['{{ range .Input.body.list }}{{ if eq . "b" }}{{ break }}{{ end }}{{ . }}{{ end }}', "a"],
    ["{{ with .Input.body.map }}{{ .x }}{{ $.Input.body.f }}{{ end }}", "11.5"],
    ["{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"],
    ["a  {{- /* note */ -}}  b {{- 1 -}} c", "ab1c"],
    ['{{ index .Input.body.list 1 }}{{ index .Input.body "s" | len }}', "b15"],
    ['{{ printf "%05.1f|%-4s|%4d|%q" .Input.body.f "ab" 7 "x" }}', '001.5|ab  |   7|"x"'],
    ['{{ and 1 0 }}{{ or 0 "z" }}{{ not 1 }}', "0zfalse"],
    ['{{ (dict "k" (list 1 2)).k | toJson }}', "[1,2]"],
    ['{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .Input.body.f }}', "<1.5>"],
    ['{{ .Input.body.none | default "d" }}{{ html "<a>" }}', "d&lt;a&gt;"],
    ['{{ "say \\"hi\\"" }}{{ `raw` }}', 'say "hi"raw'],
  ])("%s", (template, expected) => {
    expect(render(template)).toBe(expected);
  });

  test("a value that looks like an action is printed and not run", () => {
    expect(compileGoTemplate("{{ .x }}").render({ x: "{{ .secret }}", secret: "s" })).toBe("{{ .secret }}");
  });
});

describe("a template that cannot be right", () => {
  test.each([
    ["{{ if true }}x", "EXPR_SYNTAX"],
    ["{{ nope 1 }}", "EXPR_SYNTAX"],
    ['{{ env "HOME" }}', "EXPR_SYNTAX"],
    ["{{ .Input.body.nil.deeper }}", "EXPR_EVALUATION"],
    ["{{ range .Input.body.list }}{{ end }}{{ break }}", "EXPR_SYNTAX"],
    ["{{ $missing }}", "EXPR_SYNTAX"],
    ["{{ 1", "EXPR_SYNTAX"],
    ["{{ .Input.__proto__ }}", "EXPR_FORBIDDEN_KEY"],
    ['{{ index .Input "constructor" }}', "EXPR_FORBIDDEN_KEY"],
    ['{{ repeat 100000000 "x" }}', "EXPR_LIMIT"],
    ["{{ range until 90000 }}{{ range until 90000 }}x{{ end }}{{ end }}", "EXPR_LIMIT"],
    ['{{ define "t" }}{{ template "t" }}{{ end }}{{ template "t" }}', "EXPR_LIMIT"],
  ])("%s gives %s", (template, code) => {
    expect(() => render(template)).toThrow(expect.objectContaining({ code }));
  });
});

test("branches that nest without end are a bound and not a crash", () => {
  for (const part of ["{{if 1}}", '{{define "a"}}', "{{if 1}}{{else if 1}}", "{{ ("])
    expect(() => compileGoTemplate(part.repeat(5_000))).toThrow(
      expect.objectContaining({ code: expect.stringMatching(/^EXPR_(LIMIT|SYNTAX)$/) }),
    );
});

describe("Go's Sprintf", () => {
  test.each([
    ["%d", [3], "3"],
    ["testuser%02X", [10], "testuser0A"],
    ["%+d|%x|%#o|%b", [5, 255, 8, 5], "+5|ff|010|101"],
    ["%v %s", [null, 3], "<nil> %!s(int=3)"],
    ["%d", [], "%!d(MISSING)"],
    ["%.2e|%g|%t|%%", [1234.5, 0.5, true], "1.23e+03|0.5|true|%"],
    ["x", [1], "x%!(EXTRA int=1)"],
  ])("%s", (format, args, expected) => {
    expect(formatGo(format, args)).toBe(expected);
  });

  test("a width without measure is refused", () => {
    expect(() => formatGo("%999999999d", [1])).toThrow(expect.objectContaining({ code: "EXPR_EVALUATION" }));
  });
});
