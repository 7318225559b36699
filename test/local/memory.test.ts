// Step folders in memory: what is left of a step when the machine was started again.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EventReader, shStep } from "@sluice/engine/testing";
import { memoryFolder } from "@sluice/executor";
import { describe, expect, test } from "vitest";
import { makeLocalBench } from "./local-bench.ts";

const shared = memoryFolder(`sluice-test-${process.pid}`);

describe.skipIf(shared === undefined)("a step folder in memory", () => {
  const memoryDir = mkdtempSync(join(shared ?? "/tmp", "steps-"));

  test("serves a step as one on disk does, and leaves nothing behind", async () => {
    await using bench = await makeLocalBench("process");
    await using executor = await bench.open({ memoryDir });
    await using reader = new EventReader(executor);
    const step = shStep("echo hello; exit 3", { captureResult: true });

    await executor.start(step);

    expect(await reader.ended(step.id)).toMatchObject({ exitCode: 3, result: "hello" });
    await executor.forget(step.id);
  });

  test("that is gone with the machine's last start is told as lost, and its step is not run again", async () => {
    await using bench = await makeLocalBench("process");
    const step = shStep("echo again", {});
    const other = shStep("echo first", {});
    writeFileSync(join(bench.stateDir, "begun"), `an-earlier-start ${step.id}\n`);
    await using executor = await bench.open({ memoryDir });
    await using reader = new EventReader(executor);

    expect((await executor.adopt([step, other])).attached).toEqual([step.id]);

    expect(await reader.ended(step.id)).toMatchObject({ type: "lost", stepId: step.id });
    // One that had not begun is left to `start`.
    await executor.start(other);
    expect(await reader.ended(other.id)).toMatchObject({ type: "finished", exitCode: 0 });
    rmSync(shared ?? memoryDir, { recursive: true, force: true });
  });
});
