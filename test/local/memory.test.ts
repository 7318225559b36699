// Step folders in memory: what is left of a step when the machine was started again.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { EventReader, shStep } from "@sluice/engine/testing";
import { memoryFolder } from "@sluice/executor";
import { afterAll, describe, expect, test } from "vitest";
import { candidateFor, candidatesHere, makeLocalBench } from "./local-bench.ts";

const candidates = await candidatesHere();
const shared = memoryFolder(`sluice-test-${process.pid}`, "/nowhere");

describe.skipIf(shared === undefined)("a step folder in memory", () => {
  const memoryDir = mkdtempSync(join(shared ?? "/tmp", "steps-"));

  afterAll(() => rmSync(shared ?? memoryDir, { recursive: true, force: true }));

  test("is chosen again while it is there, and not while steps are on the disk", () => {
    const name = `sluice-test-${process.pid}`;
    const stateDir = mkdtempSync(join(tmpdir(), "sluice-state-"));
    expect(memoryFolder(name, stateDir)).toBe(shared);

    mkdirSync(join(stateDir, "steps", "one"), { recursive: true });
    expect(memoryFolder(name, stateDir)).toBeUndefined();
    rmSync(stateDir, { recursive: true });
  });

  test("serves a step as one on disk does, and leaves nothing behind", async () => {
    await using bench = await makeLocalBench("process");
    await using executor = await bench.open({ memoryDir });
    await using reader = new EventReader(executor);
    const step = shStep("echo hello; exit 3", { captureResult: true });

    await executor.start(step);

    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 3, result: "hello" });
    await executor.forget(step.id);
  });

  for (const isolation of ["namespaces", "namespaces-unprivileged"] as const)
    test(`serves a step in ${isolation}: its outputs come back, and what it wrote is on disk and goes`, async (context) => {
      const { ok, reason } = candidateFor(candidates, isolation);
      if (!ok) return context.skip(reason);
      await using bench = await makeLocalBench(isolation);
      await using executor = await bench.open({ memoryDir });
      await using reader = new EventReader(executor);
      const script =
        "echo deep > /root-file; head -c 1000000 /dev/zero > /tmp/large; echo out > /tmp/o; echo said";
      const step = shStep(script, { captureResult: true, outputPaths: [{ name: "o", path: "/tmp/o" }] });

      await executor.start(step);

      const end = await reader.ended(step.id);
      expect(end).toMatchObject({ exitCode: 0, result: "said", outputs: { o: "out" } });
      const bulk = join(bench.stateDir, "bulk");
      const large = readdirSync(bulk).flatMap((box) => readdirSync(join(bulk, box, "tmp")));
      expect(large).toContain("large");
      const boxes = readdirSync(join(memoryDir, "boxes")).length;
      await executor.forget(step.id);
      expect(readdirSync(join(memoryDir, "boxes"))).toHaveLength(boxes - 1);
      expect(readdirSync(bulk).flatMap((box) => readdirSync(join(bulk, box, "tmp")))).not.toContain("large");
    });

  test("that is gone with the machine's last start is told as lost, and its step is not run again", async () => {
    await using bench = await makeLocalBench("process");
    const step = shStep("echo again", {});
    const other = shStep("echo first", {});
    mkdirSync(join(bench.stateDir, "begun-steps"), { recursive: true });
    writeFileSync(join(bench.stateDir, "begun-steps", "an-earlier-start 1"), `${step.id}\n`);
    await using executor = await bench.open({ memoryDir });
    await using reader = new EventReader(executor);

    expect((await executor.adopt([step, other])).attached).toEqual([step.id]);

    expect(await reader.ended(step.id)).toMatchObject({ type: "lost", stepId: step.id });
    // One that had not begun is left to `start`.
    await executor.start(other);
    expect(await reader.ended(other.id)).toMatchObject({ type: "finished", exitCode: 0 });
  });
});
