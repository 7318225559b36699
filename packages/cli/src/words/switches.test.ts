import { describe, expect, test } from "vitest";
import { makeProgram } from "../program.ts";
import { plainSwitches } from "./switches.ts";

const program = makeProgram({}, new AbortController().signal);
const plain = (...words: string[]) => plainSwitches(program, words);

describe("a switch with a value", () => {
  test("is the switch when it is true, and nothing when it is false", () => {
    expect(plain("lint", "--offline=true", "--strict=false", "f.yaml")).toEqual([
      "lint",
      "--offline",
      "f.yaml",
    ]);
  });

  test("is left alone where its option takes a value, after --, and where it is no switch", () => {
    const words = ["submit", "--parameter=true", "--nothing=false", "--", "--offline=true"];
    expect(plain(...words)).toEqual(words);
  });
});
