// The programs of supervisors, in every kind of shell that this machine has.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "@sluice/base/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inlineProgram } from "../step/shell-scripts.ts";
import { parseClaim, StepFolder } from "../step/step-folder.ts";
import { Shell, wholeCommand } from "./shell.ts";
import { claimTakenExitCode, clientScript, stepFunctions, superviseCommand } from "./supervisors.ts";

const path = process.env["PATH"] ?? "";
let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-supervisors-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const read = (name: string): string => readFileSync(join(folder, name), "utf8");
const program = (env: Record<string, string>, ...argv: readonly string[]): string =>
  inlineProgram(new Map(Object.entries(env)), { workingDir: folder, argv: ["setsid", ...argv] });

const kinds = [["/bin/sh"], ["dash"], ["bash", "--posix"], ["busybox", "sh"]] as const;
for (const [file, ...words] of kinds) {
  const isThere = spawnSync(file, [...words, "-c", ":"]).status === 0;
  describe.skipIf(!isThere)(`a plain process, supervised by ${[file, ...words].join(" ")}`, () => {
    let shell: Shell;
    const run = async (text: string) => {
      shell = new Shell({
        prelude: stepFunctions,
        path,
        clock: new VirtualClock(),
        program: [file, ...words],
      });
      const end = await shell.run(superviseCommand(folder, "step-1", text)).over;
      shell.close();
      await shell.gone;
      return end;
    };

    test("runs with its values, whatever is in them, and leaves claim, output and exit code", async () => {
      const odd = `it's "$HOME" \`x\` \\ \u0081\u0088\n over 9\n`;
      const env = { PATH: path, ODD: odd };
      expect(await run(program(env, "sh", "-c", 'printf %s "$ODD"; env >&2; exit 6'))).toEqual({
        kind: "over",
        code: 0,
      });

      expect(read("stdout")).toBe(odd);
      expect(read("stderr")).toContain("SLUICE_STEP=step-1\n");
      expect(read("exit")).toBe("exit 6\nend\n");
      expect(parseClaim(read("claim"))?.pid).not.toBe(Number(read("started")));
    });

    test("has variables under names that a shell could not name", async () => {
      await run(program({ PATH: path, "my.setting": "dotted" }, "env"));
      expect(read("stdout")).toContain("my.setting=dotted\n");
    });

    test("has its signals at their defaults", async () => {
      await run(program({ PATH: path }, "sh", "-c", "kill -s INT $$; exit 0"));
      expect(read("exit")).toMatch(/^exit 130\n/);
    });

    test("does not run what is claimed already", async () => {
      await run(program({ PATH: path }, "sh", "-c", "echo once"));
      const { code } = (await run(program({ PATH: path }, "sh", "-c", "echo twice"))) as { code: number };
      expect(code).toBe(claimTakenExitCode);
      expect(read("stdout")).toBe("once\n");
    });

    test("runs nothing of a command that was cut off, wherever that was", () => {
      const command = superviseCommand(folder, "step-1", program({ PATH: path }, "sh", "-c", "echo ran"));
      const whole = wholeCommand(command);
      // Where a word, a quoted part of one or a line ends, what is left could be a command.
      const ends = [...whole.matchAll(/['\s}]/g)].map(({ index }) => index + 1).slice(0, -2);
      for (const length of [...ends, 3, 50]) {
        const input = `${stepFunctions}${whole.slice(0, length)}`;
        spawnSync(file, [...words, "-s"], { input, env: { PATH: path } });
        expect([length, existsSync(join(folder, "claim"))]).toEqual([length, false]);
      }
    });
  });
}

/** A supervisor that stands still between its birth and its claim until `go`; its step leaves a file "ran". */
function lateSupervisor(kind: "plain" | "client") {
  const dir = mkdtempSync(join(tmpdir(), "sluice-late-"));
  const [there, gate] = [join(dir, "there"), join(dir, "gate")];
  spawnSync("mkfifo", [there, gate]);
  const places = { stepsDir: join(dir, "steps"), boxesDir: join(dir, "boxes") };
  mkdirSync(places.stepsDir);
  const folder = new StepFolder(places, "a.1.0");
  folder.enter("late");
  const ran = join(dir, "ran");
  const plain = `${stepFunctions}${superviseCommand(folder.door, folder.id, `exec setsid touch ${ran}`)}\n`;
  const script = kind === "plain" ? plain : clientScript;
  // Right before the claim, when it has found its folder already.
  const claiming = script.lastIndexOf("set -C\n");
  const standing = `${script.slice(0, claiming)}: >${there}\nIFS= read -r go <${gate}\n${script.slice(claiming)}`;
  const argv = ["-c", standing, folder.door, "touch", ran];
  const child = spawn("/bin/sh", argv, { cwd: folder.door, detached: true, stdio: "ignore" });
  readFileSync(there); // ends when it has come so far
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
  ["of a plain process", "plain"],
  ["of a container", "client"],
] as const)("a supervisor %s that stands still before its claim", (_, kind) => {
  test("runs its step when nothing has happened", async () => {
    using late = lateSupervisor(kind);
    expect(await late.go()).toEqual({ code: 0, ran: true });
    expect(late.folder.exit()?.exitCode).toBe(0);
  });

  test("runs nothing when the step was claimed, or was run and forgotten, also while its remains go", async () => {
    using claimed = lateSupervisor(kind);
    claimed.again("other").claimOurselves();
    expect(await claimed.go()).toEqual({ code: claimTakenExitCode, ran: false });

    using forgotten = lateSupervisor(kind);
    forgotten.again("other").claimOurselves();
    renameSync(forgotten.folder.path, forgotten.trash);
    unlinkSync(join(forgotten.trash, "claim"));
    expect(await forgotten.go()).toEqual({ code: claimTakenExitCode, ran: false });
  });

  test("does not claim the folder that somebody made anew", async () => {
    using late = lateSupervisor(kind);
    late.again("other").claimOurselves();
    renameSync(late.folder.path, late.trash);
    const anew = late.again("third");

    expect(await late.go()).toEqual({ code: claimTakenExitCode, ran: false });
    expect(anew.claim()).toEqual({ kind: "none" });
    expect([late.folder.isGone(), anew.isGone()]).toEqual([true, false]);
  });
});
