import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { enterScript, shellQuote } from "./shell-scripts.ts";
import { parseClaim } from "./step-folder.ts";

const sh = (script: string, env: Record<string, string> = {}) =>
  spawnSync("/bin/sh", ["-c", script], { env: { PATH: process.env["PATH"], ...env }, encoding: "utf8" });

describe("the program that enters a step", () => {
  test("takes nothing of a word for shell text", () => {
    const word = fc.string({ maxLength: 20 }).filter((text) => !text.includes("\0"));
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 4 }), (words) => {
        const { stdout } = sh(`printf '%s\\001' ${words.map(shellQuote).join(" ")}`);
        expect(stdout).toBe(words.map((text) => `${text}\u0001`).join(""));
      }),
      { numRuns: 30 },
    );
  });

  test("hands variables over under their own names, also those that a shell could not name, and no carrier", () => {
    const variables = new Map([
      ["COLOR", "SLUICE_ENV_0"],
      ["my.setting", "SLUICE_ENV_1"],
    ]);
    const script = enterScript({ workingDir: "/", variables, argv: ["env"] });
    const { stdout } = sh(script, { SLUICE_ENV_0: "deep $blue", SLUICE_ENV_1: "it's\nodd" });
    expect(stdout).toContain("COLOR=deep $blue\n");
    expect(stdout).toContain("my.setting=it's\nodd\n");
    expect(stdout).not.toContain("SLUICE_ENV_");
  });

  test("makes the working folder when there is none, and says 127 for an unknown command", () => {
    const dir = mkdtempSync(join(tmpdir(), "sluice-enter-"));
    const at = (argv: readonly string[]) =>
      sh(enterScript({ workingDir: join(dir, "a b", "c"), variables: new Map(), argv }));
    expect(at(["pwd"]).stdout).toBe(`${join(dir, "a b", "c")}\n`);
    expect(at(["no-such-command-here"]).status).toBe(127);
    rmSync(dir, { recursive: true });
  });
});

describe("what a supervisor leaves", () => {
  test("names its process by boot, pid and start time, whatever its program is called", () => {
    const rest = "S 1 2 3 0 -1 4194304 1 0 0 0 0 0 0 0 20 0 1 0 987654 1 1";
    expect(parseClaim(`boot-1 42 (a) b (c) ${rest}\n`)).toEqual({
      bootId: "boot-1",
      pid: 42,
      startTime: "987654",
    });
    expect(parseClaim("")).toBeUndefined();
    expect(parseClaim(`boot-1 42 (sh) ${rest}`)).toBeUndefined();
  });
});
