import { expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";

test("the end of a run is logged when it is archived, once, and not when its journal goes", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const engine = bench.start(new ManualExecutor({ now, script: () => ({}) }));
  const told = () =>
    bench.log.entries.filter(({ message }) => message === "workflow ended").map(({ fields }) => fields);
  const workflow = aWorkflow({ templates: [shTemplate("main")] }, "wf");
  await engine.directory.submit(workflow, { namespace: "default", by: { kind: "api", user: "ann" } });

  await bench.clock.advanceBy(1_000);
  expect(told()).toEqual([{ run: "wf", namespace: "default", phase: "Succeeded" }]);

  await bench.clock.advanceBy(20_000);
  expect(await bench.facts({ namespace: "default", name: "wf" })).toEqual([]);
  expect(told()).toHaveLength(1);
});
