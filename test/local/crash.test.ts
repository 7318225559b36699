import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { StepRequest } from "@sluice/engine";
import { EventReader, shStep } from "@sluice/engine/testing";
import { afterEach, describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, type LocalBench, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();
const owners: ChildProcess[] = [];
afterEach(() => {
  for (const owner of owners.splice(0)) owner.kill("SIGKILL");
});

/** Starts a process that owns an executor, and resolves when it has printed `line`. */
async function owner(
  bench: LocalBench,
  isolation: string,
  step: StepRequest,
  line: string,
): Promise<ChildProcess> {
  const program = fileURLToPath(new URL("owner-process.ts", import.meta.url));
  const args = ["--conditions=@sluice/source", program, bench.stateDir, isolation, JSON.stringify(step)];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  owners.push(child);
  for await (const text of createInterface({ input: child.stdout })) if (text === line) break;
  return child;
}

async function killNow(child: ChildProcess): Promise<void> {
  const gone = once(child, "exit");
  child.kill("SIGKILL");
  await gone;
}

for (const isolation of ["process", "namespaces", "namespaces-unprivileged"] as const) {
  const { ok, reason } = candidateFor(candidates, isolation);
  describe.skipIf(!ok)(`a step with isolation ${isolation}${ok ? "" : ` (skipped: ${reason})`}`, () => {
    test("survives a kill -9 of its executor, and is adopted with its output and exit code", async () => {
      await using bench = await makeLocalBench(isolation);
      const step = shStep("echo before; sleep 1; echo after; exit 6", { captureResult: true });
      await killNow(await owner(bench, isolation, step, "before"));

      await using executor = await bench.open();
      await using reader = new EventReader(executor);
      expect((await executor.adopt([step])).attached).toEqual([step.id]);
      await executor.start(step);

      expect(await reader.ended(step.id)).toMatchObject({ exitCode: 6, result: "before\nafter" });
      expect(reader.lines(step.id)).toEqual(["before", "after"]);
    });

    test("that ended while no executor was there is reported, and not run again", async () => {
      await using bench = await makeLocalBench(isolation);
      const step = shStep("echo before; exit 4");
      await killNow(await owner(bench, isolation, step, "before"));

      await using executor = await bench.open();
      await using reader = new EventReader(executor);
      await executor.adopt([step]);
      await executor.start(step);

      expect(await reader.ended(step.id)).toMatchObject({ exitCode: 4 });
      expect(reader.lines(step.id)).toEqual(["before"]);
    });

    test("whose supervisor was killed is lost, with nothing of it left running", async () => {
      await using bench = await makeLocalBench(isolation);
      const step = shStep("echo $$; echo ready; sleep 600");
      await killNow(await owner(bench, isolation, step, "ready"));
      const claim = readFileSync(join(bench.stateDir, "steps", step.id, "claim"), "utf8");
      process.kill(Number(claim.split(" ")[1]), "SIGKILL");

      await using executor = await bench.open();
      await using reader = new EventReader(executor);
      await executor.adopt([step]);

      expect(await reader.ended(step.id)).toMatchObject({ type: "lost" });
      expect(await stepProcesses(step.id)).toEqual([]);
    });

    test("that was told to stop before the crash is stopped after it, at the time that was set", async () => {
      await using bench = await makeLocalBench(isolation);
      const step = shStep("trap '' TERM; echo ready; while :; do sleep 0.1; done", { graceMs: 700 });
      await killNow(await owner(bench, isolation, step, "ready"));
      {
        await using executor = await bench.open();
        await executor.adopt([step]);
        await executor.stop(step.id, "term");
      }

      await using executor = await bench.open();
      await using reader = new EventReader(executor);
      await executor.adopt([step]);

      expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 137 });
    });
  });
}

describe("a crash between the step's folder and its supervisor", () => {
  test("leaves the step to `start`, which runs it once", async () => {
    await using bench = await makeLocalBench("process");
    const step = shStep("echo ran");
    const folder = join(bench.stateDir, "steps", step.id);
    mkdirSync(folder, { recursive: true });

    await using executor = await bench.open();
    await using reader = new EventReader(executor);
    expect((await executor.adopt([step])).attached).toEqual([]);
    await executor.start(step);

    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 0 });
    expect(reader.lines(step.id)).toEqual(["ran"]);
  });

  test("two executors that start the same step at once run its command once, and both hear of its end", async () => {
    await using bench = await makeLocalBench("process");
    const count = join(bench.stateDir, "count");
    appendFileSync(count, "");
    const steps = Array.from({ length: 20 }, () => shStep(`echo x >> ${count}; exit 3`));
    await using first = await bench.open();
    await using second = await bench.open();
    await using firstReader = new EventReader(first);
    await using secondReader = new EventReader(second);

    await Promise.all(steps.flatMap((step) => [first.start(step), second.start(step)]));

    for (const step of steps) {
      expect(await firstReader.ended(step.id)).toMatchObject({ exitCode: 3 });
      expect(await secondReader.ended(step.id)).toMatchObject({ exitCode: 3 });
    }
    expect(readFileSync(count, "utf8")).toBe("x\n".repeat(20));
  });

  test("a step that is stopped before it began never runs, and ends as terminated", async () => {
    await using bench = await makeLocalBench("process");
    const mark = join(bench.stateDir, "mark");
    let release = (_value: Uint8Array) => {};
    const secret = () =>
      new Promise<Uint8Array>((resolve) => {
        release = resolve;
      });
    await using executor = await bench.open({ references: { secret, configMap: async () => undefined } });
    await using reader = new EventReader(executor);
    const env = [{ name: "S", valueFrom: { secretKeyRef: { name: "s", key: "k" } } }];
    const step = shStep("", {
      work: { kind: "script", script: { image: "alpine:3", command: ["sh"], source: `touch ${mark}`, env } },
    });
    await executor.start(step);

    await executor.stop(step.id, "term");
    release(Buffer.from("x"));

    expect(await reader.ended(step.id)).toMatchObject({ type: "finished", exitCode: 143 });
    expect(existsSync(mark)).toBe(false);
  });
});

/** Processes that were started for this step, as the system lists them. */
async function stepProcesses(id: string): Promise<readonly string[]> {
  const list = spawn("sh", ["-c", `grep -lzx "SLUICE_STEP=${id}" /proc/[0-9]*/environ 2>/dev/null`]);
  const found: string[] = [];
  for await (const line of createInterface({ input: list.stdout })) {
    const pid = line.split("/")[2];
    const state = existsSync(`/proc/${pid}/status`) ? readFileSync(`/proc/${pid}/status`, "utf8") : "";
    if (state !== "" && !/State:\s+[ZX]/.test(state)) found.push(line);
  }
  return found;
}
