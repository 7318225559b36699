import { AppError } from "@sluice/base";
import { toYaml } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import type { CliContext } from "../context.ts";
import { formatted, integerOf, pairsOf, printEach } from "./output.ts";

const bounds = { min: 1, max: 10 };

describe("whole numbers of options", () => {
  test("are taken within their bounds", () => {
    for (let n = 1; n <= 10; n++) expect(integerOf("--n", String(n), bounds)).toBe(n);
  });

  test.each(["0", "11", "-1", "1.5", "1e1", "0x5", "", " 3", "five", "NaN", "99999999999999999999"])(
    "'%s' is refused, naming option, bounds and what came",
    (text) => {
      expect(() => integerOf("--n", text, bounds)).toThrow(
        `--n takes a whole number from 1 to 10, not '${text}'`,
      );
    },
  );
});

test("a pair named like what objects have is a pair like any other", () => {
  const pairs = pairsOf("-p", ["__proto__=a", "b=c=d"]);

  expect(Object.entries(pairs)).toEqual([
    ["__proto__", "a"],
    ["b", "c=d"],
  ]);
  expect(Object.getPrototypeOf(pairs)).toBe(Object.prototype);
});

test("--json wins over views for people; yaml stays yaml", async () => {
  expect(await formatted({ a: 1 }, undefined, false)).toBeUndefined();
  expect(await formatted({ a: 1 }, "wide", false)).toBeUndefined();
  expect(await formatted({ a: 1 }, "name", true)).toBe('{\n  "a": 1\n}');
  expect(await formatted({ a: 1 }, "json", false)).toBe('{\n  "a": 1\n}');
  expect(await formatted({ a: 1 }, "yaml", true)).toBe(toYaml({ a: 1 }).trimEnd());
});

describe("results of several", () => {
  const refused = () =>
    Promise.reject(new AppError({ code: "X_NO", retry: "never", message: "no", hint: "h", details: {} }));
  const act = (item: string) => {
    if (item === "bad") return refused();
    return item === "bug"
      ? Promise.reject(new Error("bug"))
      : Promise.resolve({ result: { item }, line: `did ${item}` });
  };

  async function printed(json: boolean, items: readonly string[], asList = false) {
    const lines: string[] = [];
    const notes: string[] = [];
    const context = {
      json,
      out: (line: string) => void lines.push(line),
      note: (line: string) => void notes.push(line),
    } as unknown as CliContext;
    const error = await printEach(context, items, act, { asList, atOnce: 2 }).then(
      () => undefined,
      (thrown: Error) => ("code" in thrown ? thrown.code : thrown.message),
    );
    return { lines, notes, error };
  }

  test("are lines for people, one object for one, one list for more", async () => {
    expect((await printed(false, ["a", "b"])).lines).toEqual(["did a", "did b"]);
    expect((await printed(true, ["a"])).lines).toEqual(['{"item":"a"}']);
    expect((await printed(true, ["a"], true)).lines).toEqual(['[{"item":"a"}]']);
    expect((await printed(true, ["a", "b"])).lines).toEqual(['[{"item":"a"},{"item":"b"}]']);
    expect((await printed(true, [])).lines).toEqual(["[]"]);
  });

  test("go on after one that was refused, which is named, and fails the call", async () => {
    expect(await printed(false, ["a", "bad", "c"])).toEqual({
      lines: ["did a", "did c"],
      notes: ["bad: no  (X_NO)"],
      error: "CLI_SOME_FAILED",
    });
    expect((await printed(true, ["a", "bad", "c"])).lines).toEqual([
      '[{"item":"a"},{"name":"bad","error":{"code":"X_NO","message":"no","hint":"h"}},{"item":"c"}]',
    ]);
  });

  test("of one that was named is its own error", async () => {
    expect(await printed(true, ["bad"])).toEqual({ lines: [], notes: [], error: "X_NO" });
    expect((await printed(true, ["bad"], true)).error).toBe("CLI_SOME_FAILED");
  });

  test("end at what is no answer, with what was done", async () => {
    expect(await printed(true, ["a", "b", "bug", "c", "d"])).toMatchObject({
      lines: ['[{"item":"a"},{"item":"b"}]'],
      error: "bug",
    });
  });
});
