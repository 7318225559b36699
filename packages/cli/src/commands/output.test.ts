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
  const act = (item: string) =>
    item === "bad"
      ? Promise.reject(new Error("bad"))
      : Promise.resolve({ result: { item }, line: `did ${item}` });

  async function printed(json: boolean, items: readonly string[], asList = false): Promise<string[]> {
    const lines: string[] = [];
    const context = { json, out: (line: string) => void lines.push(line) } as unknown as CliContext;
    await printEach(context, items, act, { asList }).catch(() => {});
    return lines;
  }

  test("are lines for people, one object for one, one list for more", async () => {
    expect(await printed(false, ["a", "b"])).toEqual(["did a", "did b"]);
    expect(await printed(true, ["a"])).toEqual(['{"item":"a"}']);
    expect(await printed(true, ["a"], true)).toEqual(['[{"item":"a"}]']);
    expect(await printed(true, ["a", "b"])).toEqual(['[{"item":"a"},{"item":"b"}]']);
    expect(await printed(true, [])).toEqual(["[]"]);
  });

  test("are told up to the one that failed", async () => {
    expect(await printed(true, ["a", "bad", "c"])).toEqual(['[{"item":"a"}]']);
    expect(await printed(false, ["a", "bad", "c"])).toEqual(["did a"]);
    expect(await printed(true, ["bad"])).toEqual([]);
  });
});
