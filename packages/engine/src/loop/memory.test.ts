import { setImmediate } from "node:timers/promises";
import { collectGarbage } from "@sluice/base/testing";
import { expect, test } from "vitest";
import { aWorkflow } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";

/** Runs one workflow until it is put away; what kept it while it ran. */
async function lived(bench: EngineBench, engine: EngineProcess, name: string): Promise<WeakRef<object>> {
  await engine.directory.submit(aWorkflow({}, name), {
    namespace: "default",
    by: { kind: "api", user: "ann" },
  });
  const key = { namespace: "default", name };
  await bench.until(engine, key, () => engine.registry.get(key) !== undefined);
  const live = engine.registry.get(key);
  if (live === undefined) throw new Error("it is over already");
  const kept = new WeakRef(live);
  while (engine.registry.list().length > 0) {
    await bench.clock.advanceBy(1_000);
    await setImmediate();
  }
  return kept;
}

// Each run was kept for as long as its engine lived, by a listener on a signal that was never given back.
test("an engine keeps nothing of a run that is put away", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const engine = bench.start(new ManualExecutor({ now, script: () => ({ lines: ["hello"] }) }));
  const kept: WeakRef<object>[] = [];
  for (const name of ["a", "b", "c"]) kept.push(await lived(bench, engine, name));

  await collectGarbage();

  expect(kept.map((one) => one.deref() === undefined)).toEqual([true, true, true]);
});
