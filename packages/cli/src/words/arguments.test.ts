import { describe, expect, test } from "vitest";
import { makeProgram } from "../program.ts";

const problemOf = (...words: readonly string[]): Promise<unknown> =>
  makeProgram({}, new AbortController().signal)
    .parseAsync(words, { from: "user" })
    .then(
      () => undefined,
      (error: unknown) => error,
    );

describe("a command with the wrong number of arguments", () => {
  test.each([
    [["lint"], "requires at least 1 arg(s), only received 0: lint <files...>"],
    [["cron", "suspend"], "requires at least 1 arg(s), only received 0: suspend <names...>"],
    [["watch"], "accepts 1 arg(s), received 0: watch <name>"],
    [["cp", "a"], "accepts 2 arg(s), received 1: cp <name> <folder>"],
    [["cp", "a", "b", "c"], "accepts 2 arg(s), received 3: cp <name> <folder>"],
  ])("%j says %s", async (words, message) => {
    expect(await problemOf(...words)).toMatchObject({ code: "CLI_USAGE", message });
  });

  test("is told apart from other mistakes, which keep their own words", async () => {
    expect(await problemOf("lint", "--nonsense")).toMatchObject({
      code: "CLI_USAGE",
      message: expect.stringContaining("unknown option '--nonsense'"),
    });
  });
});
