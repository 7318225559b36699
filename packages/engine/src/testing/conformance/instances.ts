import { expect } from "vitest";
import { it, type OpenBench, run } from "./open-bench.ts";

/** A step while instances of its executor come and go (X1, X2). */
export function acrossInstances(bench: OpenBench): void {
  it("runs once although it was started twice (X1)", async () => {
    const step = bench.step("echo ran");
    await bench.executor().start(step);
    await bench.executor().start(step);
    await bench.reader().ended(step.id);
    await bench.executor().start(step);

    expect(
      bench
        .reader()
        .lines(step.id)
        .filter((l) => l === "ran"),
    ).toHaveLength(1);
  });

  it("runs on while no instance is there, is adopted, and tells its end once more until forgotten (X1, X2)", async () => {
    const step = bench.step("echo before; sleep 1; echo after > /tmp/done.txt; exit 5", {
      outputPaths: [{ name: "done", path: "/tmp/done.txt" }],
    });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "before");

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);
    expect(await bench.reader().ended(step.id)).toMatchObject({ exitCode: 5, outputs: { done: "after" } });

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);
    expect(await bench.reader().ended(step.id)).toMatchObject({ exitCode: 5, outputs: { done: "after" } });
  });

  it("does not attach to a step that never started", async () => {
    await bench.reopen();
    expect((await bench.executor().adopt([bench.step("echo x")])).attached).toEqual([]);
  });

  it("is unknown after it was forgotten", async () => {
    const step = bench.step("echo once");
    await run(bench, step);
    await bench.executor().forget(step.id);

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([]);
  });

  it("removes at adoption what runs here for no known run", async () => {
    const step = bench.step("echo ready; sleep 600", { graceMs: 200 });
    await bench.executor().start(step);
    await bench.reader().line(step.id, "ready");

    await bench.reopen();
    await bench.executor().adopt([]);
    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([]);
  });
}
