import type { Json } from "@sluice/base";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import type { Path } from "../issue.ts";
import { parseManifests } from "./parse.ts";
import { fromYaml } from "./plain.ts";

const codesOf = (text: string) => parseManifests(text).issues.map((issue) => issue.code);
const only = (text: string): Json => {
  const { documents, issues } = parseManifests(text);
  expect(issues).toEqual([]);
  return documents[0]?.json ?? null;
};

describe("a text of manifests", () => {
  it("gives every document, and the items of a List, with their own positions", () => {
    const text = "kind: A\n---\n---\nkind: List\nitems:\n- kind: B\n- kind: C\n  x: 1\n";
    const { documents } = parseManifests(text, { file: "f.yaml" });

    expect(documents.map((d) => d.json)).toEqual([{ kind: "A" }, { kind: "B" }, { kind: "C", x: 1 }]);
    expect(documents[2]?.locate(["x"])).toEqual({ line: 8, col: 6 });
    expect(documents[2]?.locate(["x"], "key")).toEqual({ line: 8, col: 3 });
  });

  it("reads JSON with the same positions", () => {
    const { documents } = parseManifests('{"a": 1,\n\t"b": [true, null]}');

    expect(documents[0]?.json).toEqual({ a: 1, b: [true, null] });
    expect(documents[0]?.locate(["b", 1])).toEqual({ line: 2, col: 14 });
    expect(documents[0]?.locate(["b", 1, "absent"], "key")).toEqual({ line: 2, col: 14 });
  });

  it("keeps the good documents and says every error of the bad ones", () => {
    const { documents, issues } = parseManifests("a: 1\n---\nb: {\n---\nc: 1\nc: 2\n---\nd: 1\n");

    expect(documents.map((d) => d.json)).toEqual([{ a: 1 }, { d: 1 }]);
    expect(new Set(issues.map((issue) => issue.code))).toEqual(new Set(["SPEC_YAML", "SPEC_KEY_DUPLICATE"]));
    expect(issues.every((issue) => issue.line !== undefined && issue.hint !== "")).toBe(true);
  });

  it("takes the last of equal keys in metadata, with a warning, and refuses them elsewhere", () => {
    const twice = parseManifests("metadata:\n  labels: {a: x}\n  labels: {b: y}\n");

    expect(twice.documents[0]?.json).toEqual({ metadata: { labels: { b: "y" } } });
    expect(twice.issues.map((issue) => issue.severity)).toEqual(["warning"]);
    expect(parseManifests("spec:\n  a: 1\n  a: 2\n").documents).toEqual([]);
  });

  it("lets quoted texts go on at the column of their key, as published manifests do", () => {
    expect(only('c:\n  args: ["\n    echo a &&\n    echo b\n  "]\n  x: 1\n')).toEqual({
      c: { args: [" echo a && echo b "], x: 1 },
    });
  });

  it("warns of a whole number that it cannot keep", () => {
    const { documents, issues } = parseManifests(
      "[9007199254740993, 9007199254740991, 1e30, -12345678901234567890]",
    );
    expect(documents[0]?.json).toEqual([9007199254740992, 9007199254740991, 1e30, -12345678901234567000]);
    expect(issues.map(({ severity, col, message, hint }) => [severity, col, message, hint])).toEqual([
      [
        "warning",
        2,
        "9007199254740993 has more digits than a number keeps: it is read as 9007199254740992",
        "quote it",
      ],
      [
        "warning",
        44,
        "-12345678901234567890 has more digits than a number keeps: it is read as -12345678901234567000",
        "quote it",
      ],
    ]);
  });

  it("reads modes as octal and merges maps", () => {
    expect(only("mode: 0755\nz: 0\nbig: 010a\n")).toEqual({ mode: 0o755, z: 0, big: "010a" });
    expect(only("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n")).toMatchObject({ b: { x: 1, y: 3 } });
  });

  it("reads truth values and numbers of YAML 1.1 as Kubernetes does, and says so, unless they are quoted or tagged", () => {
    const { documents, issues } = parseManifests(
      "a: [yes, Off, 0b101, 1_000]\nb: ['yes', \"on\", !!str no, y, 1_, yes or no, oN, 0b12]\n",
    );

    expect(documents[0]?.json).toMatchObject({
      a: [true, false, 5, 1000],
      b: ["yes", "on", "no", "y", "1_", "yes or no", "oN", "0b12"],
    });
    expect(issues.map(({ severity, line, col, hint }) => [severity, line, col, hint])).toEqual([
      ["warning", 1, 5, "write true, or 'yes' for the text"],
      ["warning", 1, 10, "write false, or 'Off' for the text"],
      ["warning", 1, 15, "write 5, or '0b101' for the text"],
      ["warning", 1, 22, "write 1000, or '1_000' for the text"],
    ]);
  });

  it("takes windows line ends and a byte order mark", () => {
    expect(only("\uFEFFa: 1\r\nb: two\r\n")).toEqual({ a: 1, b: "two" });
  });
});

describe("a hostile text", () => {
  it("is refused for aliases that unfold without end", () => {
    const lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 12; i++)
      lines.push(
        `a${i}: &a${i} [${Array(10)
          .fill(`*a${i - 1}`)
          .join(", ")}]`,
      );

    expect(codesOf(lines.join("\n"))).toEqual(["SPEC_LIMIT"]);
    expect(codesOf("a: &a [*a]")).toEqual(["SPEC_YAML"]);
  });

  it("is refused for nesting, in flow and in block form", () => {
    expect(codesOf("[".repeat(100_000))).toContain("SPEC_LIMIT");
    expect(codesOf("{a: ".repeat(50_000))).toContain("SPEC_LIMIT");
    expect(codesOf("- ".repeat(2_000))).toContain("SPEC_LIMIT");
  });

  it("is refused for its size and for its number of documents", () => {
    expect(codesOf("x".repeat(4 * 1024 * 1024 + 1))).toEqual(["SPEC_LIMIT"]);
    expect(codesOf("a: 1\n---\n".repeat(501))).toEqual(["SPEC_LIMIT"]);
    expect(parseManifests("a: 1\n---\n".repeat(200)).documents).toHaveLength(200);
  });

  it("is refused for its number of tokens, and gives no more errors than a reader can use", () => {
    const limits = { maxTokens: 1_000 };

    expect(parseManifests("\n".repeat(2_000), { limits }).issues.map((i) => i.code)).toEqual(["SPEC_LIMIT"]);
    expect(parseManifests('"'.repeat(5_000)).issues).toHaveLength(200);
    expect(parseManifests("}".repeat(5_000)).issues).toHaveLength(200);
  });

  it("is refused for keys that reach into objects", () => {
    for (const key of ["__proto__", "constructor", "prototype"]) {
      expect(codesOf(`a: {"${key}": {polluted: true}}`)).toEqual(["SPEC_KEY_FORBIDDEN"]);
    }
    expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
  });

  it("is refused for tags, tabs and numbers that JSON has not", () => {
    expect(codesOf("a: !!js/function 'function () {}'")).toEqual(["SPEC_YAML"]);
    expect(codesOf("a:\n\tb: 1\n")).toContain("SPEC_YAML");
    expect(codesOf("a: .nan")).toEqual(["SPEC_TYPE"]);
    expect(codesOf("? [a, b]\n: 1")).toEqual(["SPEC_YAML"]);
  });

  it("is refused for its anchors, aliases and tags, but texts that begin like them are texts", () => {
    for (const mark of ["&a ", "!a ", "- *a\n"]) {
      const issues = parseManifests(`x: &a 1\ny:\n${mark.repeat(10_001)}`).issues;
      expect(issues.map((i) => [i.code, i.line])).toEqual([["SPEC_LIMIT", mark === "- *a\n" ? 10_002 : 3]]);
    }
    const limits = { maxMarks: 1 };
    expect(parseManifests("a: |\n  *x\nb: |\n  &x\nc: '!x'\n", { limits }).issues).toEqual([]);
  });

  it("with thirty thousand keys costs no more than its size", () => {
    const text = Array.from({ length: 30_000 }, (_, i) => `k${i}: ${i}`).join("\n");

    expect(Object.keys(only(text) as object)).toHaveLength(30_000);
  }, 60_000);
});

describe("any value", () => {
  const key = fc
    .stringMatching(/^[a-z][a-zA-Z0-9._/-]{0,8}$/)
    .filter((k) => k !== "constructor" && k !== "prototype");
  const value = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { depthSize: "small" },
      fc.string({ unit: "grapheme-ascii" }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("json"), { maxLength: 4 }),
      fc.dictionary(key, tie("json"), { maxKeys: 4, noNullPrototype: true }),
    ),
  })).json;

  it("comes back as it was, and every path of it is found in the text", () => {
    fc.assert(
      fc.property(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), (json) => {
        const text = stringify(json, { compat: "yaml-1.1" });
        const lines = text.split("\n");

        const document = parseManifests(text).documents[0];

        expect(document?.json).toEqual(json);
        for (const { path, leaf } of leavesOf(json)) {
          const at = document?.locate(path);
          const rest = lines[(at?.line ?? 0) - 1]?.slice((at?.col ?? 0) - 1) ?? "";
          if (typeof leaf === "number" || typeof leaf === "boolean") {
            expect(rest.startsWith(String(leaf))).toBe(true);
          } else {
            expect(rest.length).toBeGreaterThan(0);
          }
        }
      }),
    );
  });

  function leavesOf(json: Json, path: Path = []): readonly { path: Path; leaf: Json }[] {
    if (json === null || typeof json !== "object") return [{ path, leaf: json }];
    return Object.entries(json).flatMap(([k, inner]) =>
      leavesOf(inner as Json, [...path, Array.isArray(json) ? Number(k) : k]),
    );
  }
});

describe("a settings file", () => {
  it("is one value of any form, or a coded error", () => {
    expect(fromYaml("")).toBeNull();
    expect(fromYaml("a: 1")).toEqual({ a: 1 });
    expect(() => fromYaml("a: [", "c.yaml")).toThrow(expect.objectContaining({ code: "SPEC_INVALID" }));
  });
});
