import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VirtualClock } from "@sluice/base/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { shellQuote } from "../step/shell-scripts.ts";
import { parseClaim } from "../step/step-folder.ts";
import { answerMs, Shell } from "./shell.ts";
import { ShellPool } from "./shell-pool.ts";
import { stepFunctions, superviseCommand } from "./supervisors.ts";

const path = process.env["PATH"] ?? "";
let folder = "";
let clock = new VirtualClock();
let pool = new ShellPool({ prelude: stepFunctions, path, clock });
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-shells-"));
  clock = new VirtualClock();
  pool = new ShellPool({ prelude: stepFunctions, path, clock });
});
afterEach(async () => {
  await pool[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const read = (name: string): string => readFileSync(join(folder, name), "utf8");
/** Ends when that process is gone. */
const untilGone = (pid: number) => spawnSync("tail", [`--pid=${pid}`, "-f", "/dev/null"]);
const supervise = (program: string) =>
  superviseCommand(folder, "step-1", `exec setsid sh -c ${shellQuote(program)}`);

describe("a shell that starts steps", () => {
  test("tells the exit code of one task after the other, each in a process of its own", async () => {
    const shell = await pool.take();
    const codes: unknown[] = [];
    for (const code of [0, 3, 143]) codes.push(await shell.run(`(exit ${code})`).over);
    expect(codes).toEqual([0, 3, 143].map((code) => ({ kind: "over", code })));
    await pool.release(shell);
  });

  test("hands its task all signals at their defaults, and is not reached by what the task does to its group", async () => {
    const { over } = await pool.run(`sh -c ${shellQuote("kill -s INT $$; exit 7")}`);
    expect(await over).toEqual({ kind: "over", code: 130 });

    const shell = await pool.take();
    const group = shell.run(`sh -c ${shellQuote(`trap : TERM; kill -s TERM 0; exit 5`)}`);
    expect(await group.over).toEqual({ kind: "over", code: 5 });
    expect(await shell.run("true").over).toEqual({ kind: "over", code: 0 });
    await pool.release(shell);
  });

  test("is used again by the next task, and by one at a time", async () => {
    const pids = async () => {
      const shell = await pool.take();
      await shell.run(`echo $$ >${folder}/pid`).over;
      return { shell, pid: read("pid") };
    };
    const [first, second] = [await pids(), await pids()];
    await pool.release(first.shell);
    const third = await pids();

    expect(second.pid).not.toBe(first.pid);
    expect(third.pid).toBe(first.pid);
    for (const { shell } of [second, third]) await pool.release(shell);
  });

  test("is a new one for who replaces one that was killed", async () => {
    const standing = await pool.take();
    await pool.release(standing);
    const fresh = await pool.take("fresh");
    expect(fresh).not.toBe(standing);
    await pool.release(fresh);
  });

  test("ends when it has not been needed for a minute", async () => {
    const shell = await pool.take();
    await shell.run(`echo $$ >${folder}/pid`).over;
    await pool.release(shell);

    await clock.advanceTo(60_000);
    await shell.gone;
    expect(existsSync(`/proc/${read("pid").trim()}`)).toBe(false);
  });

  test("that is killed tells nothing of its task, which goes on to its end; and it is not used again", async () => {
    spawnSync(
      "mkfifo",
      ["begun", "gate"].map((name) => join(folder, name)),
    );
    const shell = await pool.take();
    await shell.run(`echo $$ >${folder}/pid`).over;
    const task = shell.run(supervise(`echo yes >${folder}/begun; read -r go <${folder}/gate; exit 4`));
    expect(read("begun")).toBe("yes\n");

    process.kill(Number(read("pid")), "SIGKILL");
    expect(await task.over).toEqual({ kind: "untold" });
    spawnSync("sh", ["-c", `echo go >${folder}/gate`]);
    untilGone(parseClaim(read("claim"))?.pid ?? 0);

    expect(read("exit")).toMatch(/^exit 4\n/);
    await pool.release(shell);
    const next = await pool.take();
    expect(next).not.toBe(shell);
    await pool.release(next);
  });

  test("that is stopped is killed when it does not say that it begins; its task has not begun", async () => {
    const shell = await pool.take();
    await shell.run(`echo $$ >${folder}/pid`).over;
    process.kill(Number(read("pid")), "SIGSTOP");
    const task = shell.run(supervise("exit 4"));

    await clock.advanceBy(answerMs);

    expect(await task.over).toEqual({ kind: "untold" });
    expect(existsSync(join(folder, "claim"))).toBe(false);
    expect(shell.isGone).toBe(true);
  });

  test("that has begun its task is left alone, however long that takes", async () => {
    spawnSync("mkfifo", [join(folder, "gate"), join(folder, "begun")]);
    const shell = await pool.take();
    const task = shell.run(`{ echo yes >${folder}/begun; read -r go <${folder}/gate; }`);
    expect(read("begun")).toBe("yes\n");

    await clock.advanceBy(100 * answerMs);
    spawnSync("sh", ["-c", `echo go >${folder}/gate`]);

    expect(await task.over).toEqual({ kind: "over", code: 0 });
    await pool.release(shell);
  });

  test("cannot be started where there is no shell to start: whoever wants it is told", async () => {
    const broken = new Shell({ prelude: "", path, clock, program: ["/no/such/shell"] });
    await expect(broken.spawned).rejects.toThrow("ENOENT");
    expect(await broken.run("true").over).toEqual({ kind: "untold" });
  });
});
