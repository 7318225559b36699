import { expect } from "vitest";
import type { StepRequest } from "../../executor/request.ts";
import { it, type OpenBench, run } from "./open-bench.ts";

/** A daemon that says `up` and from then on is found ready by its probe. */
function aDaemon(bench: OpenBench, before: string): StepRequest {
  const plain = bench.step("");
  const file = `"\${TMPDIR:-/tmp}/ready-${plain.id}"`;
  const source = `${before}echo up; touch ${file}; while :; do sleep 0.1; done`;
  return {
    ...plain,
    daemon: true,
    work: {
      kind: "script",
      script: {
        image: bench.image(),
        command: ["sh"],
        source,
        readinessProbe: {
          exec: { command: ["sh", "-c", `test -e ${file}`] },
          periodSeconds: 1,
          timeoutSeconds: 10,
        },
      },
    },
  };
}

/** A daemon (X6). */
export function daemons(bench: OpenBench): void {
  const order = (stepId: string) =>
    bench
      .reader()
      .events.filter((e) => e.stepId === stepId && e.type !== "output" && e.type !== "pending")
      .map((e) => e.type);

  it("without a probe is ready when it runs, and says where others reach it", async () => {
    const step = bench.step("sleep 600", { daemon: true, graceMs: 300 });
    await bench.executor().start(step);

    expect((await bench.reader().ready(step.id)).ip).toMatch(/^[0-9a-f.:]+$/);
    expect(order(step.id)).toEqual(["started", "ready"]);
  });

  it("is ready once its probe succeeds, not when it runs, and ends when it is told to", async () => {
    const step = aDaemon(bench, "sleep 2; ");
    await bench.executor().start(step);
    await bench.reader().ready(step.id);

    await bench.reader().line(step.id, "up");
    const started = await bench
      .reader()
      .until((e) => (e.type === "started" && e.stepId === step.id ? e : undefined));
    expect((await bench.reader().ready(step.id)).at - started.at).toBeGreaterThan(1_000);
    await bench.executor().stop(step.id, "kill");
    const end = await bench.reader().ended(step.id);
    expect(end).toMatchObject({ type: "finished" });
    expect(end).not.toMatchObject({ exitCode: 0 });
    expect(order(step.id)).toEqual(["started", "ready", "finished"]);
  });

  it("that ends before it is ready is never told as such", async () => {
    const step = aDaemon(bench, "exit 3; ");
    await run(bench, step);
    expect(order(step.id)).not.toContain("ready");
  });

  it("is told as ready again to the next instance", async () => {
    const step = aDaemon(bench, "");
    await bench.executor().start(step);
    await bench.reader().ready(step.id);

    await bench.reopen();
    expect((await bench.executor().adopt([step])).attached).toEqual([step.id]);
    expect(await bench.reader().ready(step.id)).toHaveProperty("ip");
  });

  it("of which nobody asks whether it is ready is not told as such", async () => {
    const step = bench.step("echo up");
    await run(bench, step);
    expect(order(step.id)).not.toContain("ready");
  });
}
