import { expect } from "vitest";
import { it, type OpenBench, run } from "./open-bench.ts";

/** The suite runs on real parts only, whose clock is the real one. */
const deadlineIn = (ms: number): number => Math.round(performance.timeOrigin + performance.now() + ms);

/** A step that is told to end, or whose time is over (X3). */
export function endsAsTold(bench: OpenBench): void {
  it("gets SIGTERM and may end in its own way", async () => {
    const step = bench.step("trap 'exit 7' TERM; echo ready; while :; do sleep 0.05; done", {
      graceMs: 20_000,
    });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.executor().stop(step.id, "term");

    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", exitCode: 7 });
  });

  it("is killed after its grace when it ignores SIGTERM", async () => {
    const step = bench.step("trap '' TERM; echo ready; while :; do sleep 0.05; done", { graceMs: 300 });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.executor().stop(step.id, "term");

    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", exitCode: 137 });
  });

  it("is killed at once by kill, with all that it started", async () => {
    const step = bench.step("trap '' TERM; (sleep 600) & echo ready; wait", { graceMs: 600_000 });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.executor().stop(step.id, "kill");

    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", exitCode: 137 });
  });

  it("ends with `deadline` when its time is over", async () => {
    const step = bench.step("sleep 600", { graceMs: 300, deadlineAt: deadlineIn(2_000) });
    const end = await run(bench, step);

    expect(end).toMatchObject({ type: "finished", deadline: true });
    expect(end).not.toMatchObject({ exitCode: 0 });
  });

  it("is no error to stop when nobody knows it", async () => {
    await expect(bench.executor().stop("00000000-0000-8000-a000-000000000000.none.0", "kill")).resolves.toBe(
      undefined,
    );
  });
}
