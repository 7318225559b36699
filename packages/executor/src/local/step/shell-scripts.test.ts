import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { claimTakenExitCode, clientScript, enterScript, plainScript, shellQuote } from "./shell-scripts.ts";
import { parseClaim, parseTimes, StepFolder } from "./step-folder.ts";

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

  test("counts the time of its children, not its own", () => {
    expect(parseTimes("exit 0\n0m9.000000s 0m9.000000s\n1m0.500000s 0m0.250000s\nend\n")).toBe(60_750);
    expect(parseTimes("exit 0\nend\n")).toBeUndefined();
  });
});

/** A supervisor that stands still between its birth and its claim until `go`; its step leaves a file "ran". */
function lateSupervisor(script: string) {
  const dir = mkdtempSync(join(tmpdir(), "sluice-late-"));
  const gate = join(dir, "gate");
  spawnSync("mkfifo", [gate]);
  const places = { stepsDir: join(dir, "steps"), boxesDir: join(dir, "boxes") };
  mkdirSync(places.stepsDir);
  const folder = new StepFolder(places, "a.1.0");
  folder.enter("late");
  const ran = join(dir, "ran");
  const words = script === plainScript ? [`exec touch ${ran}`] : ["touch", ran];
  const argv = ["-c", `IFS= read -r go <${gate}\n${script}`, folder.door, ...words];
  const child = spawn("/bin/sh", argv, { cwd: folder.door, detached: true, stdio: "ignore" });
  const go = async (): Promise<{ code: unknown; ran: boolean }> => {
    const gone = once(child, "exit");
    writeFileSync(gate, "go\n");
    const [code] = await gone;
    return { code, ran: existsSync(ran) };
  };
  const again = (mark: string): StepFolder => {
    const other = new StepFolder(places, "a.1.0");
    other.enter(mark);
    return other;
  };
  const trash = join(dir, "trash");
  return { folder, again, trash, go, [Symbol.dispose]: () => rmSync(dir, { recursive: true }) };
}

describe.each([
  ["of a plain process", plainScript],
  ["of a container", clientScript],
])("a supervisor %s that stands still before its claim", (_, script) => {
  test("runs its step when nothing has happened", async () => {
    using late = lateSupervisor(script);
    expect(await late.go()).toEqual({ code: 0, ran: true });
    expect(late.folder.exit()?.exitCode).toBe(0);
  });

  test("runs nothing when the step was claimed, or was run and forgotten, also while its remains go", async () => {
    using claimed = lateSupervisor(script);
    claimed.again("other").claimOurselves();
    expect(await claimed.go()).toEqual({ code: claimTakenExitCode, ran: false });

    using forgotten = lateSupervisor(script);
    forgotten.again("other").claimOurselves();
    renameSync(forgotten.folder.path, forgotten.trash);
    unlinkSync(join(forgotten.trash, "claim"));
    expect(await forgotten.go()).toEqual({ code: claimTakenExitCode, ran: false });
  });

  test("does not claim the folder that somebody made anew", async () => {
    using late = lateSupervisor(script);
    late.again("other").claimOurselves();
    renameSync(late.folder.path, late.trash);
    const anew = late.again("third");

    expect(await late.go()).toEqual({ code: claimTakenExitCode, ran: false });
    expect(anew.claim()).toEqual({ kind: "none" });
    expect([late.folder.isGone(), anew.isGone()]).toEqual([true, false]);
  });
});
