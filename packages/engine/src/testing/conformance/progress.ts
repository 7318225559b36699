import { expect } from "vitest";
import { it, type OpenBench, run } from "./open-bench.ts";

/** X7. */
export function saysItsProgress(bench: OpenBench): void {
  const told = (stepId: string, progress: string) =>
    bench
      .reader()
      .until((e) =>
        e.type === "progress" && e.stepId === stepId && e.progress === progress ? true : undefined,
      );

  it("is told so while it runs, again to the next instance, and at its end", async () => {
    const step = bench.step('echo 1/4 >"$ARGO_PROGRESS_FILE"; sleep 600', { graceMs: 300 });
    await bench.executor().start(step);
    await told(step.id, "1/4");

    await bench.reopen();
    await bench.executor().adopt([step]);
    await told(step.id, "1/4");
    await bench.executor().stop(step.id, "term");
    expect(await bench.reader().ended(step.id)).toMatchObject({ type: "finished", progress: "1/4" });
  });

  it("is taken at its last line, at its end, however quick it was", async () => {
    const step = bench.step('for n in 1 2 3; do echo "$n/4" >>"$ARGO_PROGRESS_FILE"; done');
    expect(await run(bench, step)).toMatchObject({ type: "finished", exitCode: 0, progress: "3/4" });
  });

  it("is passed over where it says no N/M", async () => {
    const wrong = bench.step('echo "5/4" >"$ARGO_PROGRESS_FILE"');
    expect(await run(bench, wrong)).not.toHaveProperty("progress");
  });
}
