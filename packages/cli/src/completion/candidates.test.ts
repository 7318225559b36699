import { describe, expect, test } from "vitest";
import { makeProgram } from "../program.ts";
import { completionOf } from "./candidates.ts";

const program = makeProgram({}, new AbortController().signal);
const words = (...given: string[]) => completionOf(program, given).candidates.map(({ word }) => word);

describe("a command line is completed", () => {
  test("with commands, and with those of a group", () => {
    expect(words("su")).toEqual(["submit", "suspend"]);
    expect(words("cron", "s")).toEqual(["suspend"]);
    expect(words("")).toContain("list");
    expect(words("")).not.toContain("__complete");
  });

  test("with options of the command and of all commands, and with the values of one", () => {
    expect(words("list", "--na")).toEqual(["--namespace"]);
    expect(words("stop", "--d")).toEqual(["--dry-run"]);
    expect(words("get", "x", "-o", "")).toEqual(["json", "name", "short", "wide", "yaml"]);
    for (const group of [[], ["cron"], ["template"], ["cluster-template"]])
      expect(words(...group, "lint", "-o", "")).toEqual(["json", "pretty", "simple"]);
    expect(words("-n", "team", "list", "--output", "j")).toEqual(["json"]);
    expect(words("stop", "--message", "")).toEqual([]);
  });

  test("with names of what is there", () => {
    expect(completionOf(program, ["stop", "a"])).toEqual({ candidates: [], names: "workflow" });
    expect(completionOf(program, ["node", "set", ""]).names).toBe("workflow");
    expect(completionOf(program, ["cron", "get", ""]).names).toBe("cron");
    expect(completionOf(program, ["submit", ""]).names).toBeUndefined();
    expect(completionOf(program, ["stop", "--", "-"]).names).toBe("workflow");
  });
});
