// What waits for steps to come: sandboxes and shells that were made ready ahead of need.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, watch } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EventReader, shStep } from "@sluice/engine/testing";
import { afterEach, describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, type LocalBench, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();
const owners: ChildProcess[] = [];
afterEach(() => {
  for (const owner of owners.splice(0)) owner.kill("SIGKILL");
});

/** A process with an executor, whose first step has ended: what it keeps ready now waits. */
async function ownerAtRest(bench: LocalBench, isolation: string): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("owner-process.ts", import.meta.url));
  const step = JSON.stringify(shStep("echo done"));
  const args = ["--conditions=@sluice/source", program, bench.stateDir, isolation, step];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  owners.push(child);
  for await (const text of createInterface({ input: child.stdout })) if (text === "ended") break;
  return child;
}

/** None when it has gone meanwhile, as what served the last step may. */
function childrenOf(pid: number): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toMatch(/ENOENT|ESRCH/);
    return [];
  }
}

/** All that has come from a process, by the system's table. */
function descendantsOf(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

const boxesOf = (bench: LocalBench): readonly string[] => readdirSync(join(bench.stateDir, "boxes"));

async function boxesAre(bench: LocalBench, count: number): Promise<void> {
  const watcher = watch(join(bench.stateDir, "boxes"));
  while (boxesOf(bench).length < count) await once(watcher, "change");
  watcher.close();
}

for (const isolation of ["process", "namespaces", "namespaces-unprivileged"] as const) {
  const { ok, reason } = candidateFor(candidates, isolation);
  describe.skipIf(!ok)(`what waits with isolation ${isolation}${ok ? "" : ` (skipped: ${reason})`}`, () => {
    test("ends with a process that is killed, and leaves no mount and no folder to the next", async () => {
      await using bench = await makeLocalBench(isolation);
      const owner = await ownerAtRest(bench, isolation);
      const waiting = descendantsOf(owner.pid ?? 0);
      expect(waiting.length).toBeGreaterThan(0);

      const gone = once(owner, "exit");
      owner.kill("SIGKILL");
      await gone;

      for (const pid of waiting) spawnSync("tail", [`--pid=${pid}`, "-f", "/dev/null"]);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(bench.stateDir);
      await using executor = await bench.open();
      await executor.adopt([]);
      expect(boxesOf(bench)).toEqual([]);
      expect(readdirSync(join(bench.stateDir, "steps"))).toEqual([]);
    });

    test("ends when the executor is disposed", async () => {
      await using bench = await makeLocalBench(isolation);
      const before = new Set(descendantsOf(process.pid));
      {
        await using executor = await bench.open();
        await using reader = new EventReader(executor);
        const step = shStep("true");
        await executor.start(step);
        await reader.ended(step.id);
        await executor.forget(step.id);
      }
      expect(descendantsOf(process.pid).filter((pid) => !before.has(pid))).toEqual([]);
      expect(boxesOf(bench)).toEqual([]);
    });

    test("serves one step: the next sees nothing of it, and runs in another", async () => {
      await using bench = await makeLocalBench(isolation);
      await using executor = await bench.open();
      await using reader = new EventReader(executor);
      const grounds: string[] = [];
      for (const expected of ["first", "first", "first", "first"]) {
        const step = shStep("ls -A $TMPDIR; echo first >$TMPDIR/first; echo $0 $$ first", {
          captureResult: true,
        });
        await executor.start(step);
        const end = (await reader.ended(step.id)) as { result?: string };
        expect(end.result?.split("\n")).toHaveLength(1);
        expect(end.result).toContain(expected);
        const claim = readFileSync(join(bench.stateDir, "steps", step.id, "claim"), "utf8");
        grounds.push(isolation === "process" ? step.id : (/ (box-\S+)\n$/.exec(claim)?.[1] ?? ""));
      }
      expect(new Set(grounds).size).toBe(4);
      expect(grounds).not.toContain("");
    });

    test("is made for a step that comes, and not for one that has ended", async () => {
      await using bench = await makeLocalBench(isolation);
      const seen = new Set<string>();
      const steps = Array.from({ length: 6 }, () => shStep("sleep 0.05"));
      {
        await using executor = await bench.open();
        await using reader = new EventReader(executor);
        const watcher = watch(join(bench.stateDir, "boxes"), (_, name) => seen.add(name ?? ""));
        for (const step of steps) {
          await executor.start(step);
          await reader.ended(step.id);
          await executor.forget(step.id);
        }
        // The end of the watch is its own event: what was told before is heard.
        const closed = once(watcher, "close");
        await executor[Symbol.asyncDispose]();
        watcher.close();
        await closed;
      }
      // Two stand by at the end, and a third may have been on its way.
      expect(seen.size).toBeLessThanOrEqual(isolation === "process" ? 0 : steps.length + 3);
    });

    test("is passed over when it was killed while it waited", async () => {
      await using bench = await makeLocalBench(isolation);
      await using executor = await bench.open();
      await using reader = new EventReader(executor);
      const before = new Set(descendantsOf(process.pid));
      const first = shStep("true");
      await executor.start(first);
      await reader.ended(first.id);

      for (const pid of descendantsOf(process.pid)) if (!before.has(pid)) kill(pid);
      const second = shStep("echo ran; exit 3");
      await executor.start(second);

      const end = await reader.ended(second.id);
      expect(end, JSON.stringify(end)).toMatchObject({ type: "finished", exitCode: 3 });
      expect(reader.lines(second.id)).toEqual(["ran"]);
    });

    test("is replaced when it was stopped while it waited", async () => {
      await using bench = await makeLocalBench(isolation);
      const before = new Set(descendantsOf(process.pid));
      const ours = () => descendantsOf(process.pid).filter((pid) => !before.has(pid));
      let stopped: readonly number[] = [];
      {
        await using executor = await bench.open();
        await using reader = new EventReader(executor);
        // What takes its time has a standby made for the next one.
        const first = shStep("sleep 60");
        await executor.start(first);
        if (isolation !== "process") await boxesAre(bench, 2);
        await executor.stop(first.id, "kill");
        await reader.ended(first.id);

        const boxes = boxesOf(bench);
        stopped = ours();
        for (const pid of stopped) kill(pid, "SIGSTOP");
        const second = shStep("echo ran; exit 3");
        await executor.start(second);

        expect(await reader.ended(second.id)).toMatchObject({ type: "finished", exitCode: 3 });
        expect(reader.lines(second.id)).toEqual(["ran"]);
        expect(stopped.length).toBeGreaterThan(0);
        const claim = readFileSync(join(bench.stateDir, "steps", second.id, "claim"), "utf8");
        for (const box of boxes) expect(claim).not.toContain(box);
      }
      // Also those that no step has come to: they hear no farewell.
      for (const pid of stopped) spawnSync("tail", [`--pid=${pid}`, "-f", "/dev/null"], { timeout: 60_000 });
      expect(stopped.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
    });
  });
}

function kill(pid: number, signal: "SIGKILL" | "SIGSTOP" = "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    expect(error).toMatchObject({ code: "ESRCH" }); // it went with its parent
  }
}
