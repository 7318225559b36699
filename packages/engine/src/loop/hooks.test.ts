import { expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";
import { SilentExecutor } from "../testing/silent-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const key = { namespace: "default", name: "wf" };

const watched = () =>
  aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [
            {
              name: "a",
              template: "sh",
              hooks: { running: { template: "sh", expression: "steps.a.status == 'Running'" } },
            },
          ],
        ],
      },
      shTemplate("sh"),
    ],
  });

test("a hook on Running starts while the step runs: its start is stored at once", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  await engine.directory.submit(watched(), { namespace: "default", by });

  const hook = await executor.started((s) => s.node.name === "wf[0].a.hooks.running");
  expect(executor.running).toHaveLength(2);
  expect((await bench.facts(key)).filter((fact) => fact.type === "started")).toHaveLength(1);
  for (const id of executor.running) executor.end(id);
  expect((await bench.ended(engine, key)).status.phase).toBe("Succeeded");
  expect(hook.node.name).toBe("wf[0].a.hooks.running");
});

test("a start that a crash kept from being stored fires the hook at the next engine, once", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new SilentExecutor({ now, world });
  const one = bench.start(first);
  await one.directory.submit(watched(), { namespace: "default", by });
  const step = await first.started((s) => s.node.name === "wf[0].a");
  await one.kill();
  expect((await bench.facts(key)).some((fact) => fact.type === "started")).toBe(false);

  const second = new ManualExecutor({ now, world });
  const two = bench.start(second);
  const hook = await second.started((s) => s.node.name === "wf[0].a.hooks.running");
  second.end(hook.id);
  second.end(step.id);
  await bench.ended(two, key);
  expect(world.starts).toEqual([step.id, hook.id]);
});

test("an output of a suspend node is set once; what it does not expect is refused", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(new ManualExecutor({ now: () => bench.clock.now() }));
  const parameters = [
    { name: "text", valueFrom: { supplied: {} } },
    { name: "by", valueFrom: { supplied: {} } },
  ];
  const workflow = aWorkflow({ templates: [{ name: "main", suspend: {}, outputs: { parameters } }] });
  await engine.directory.submit(workflow, { namespace: "default", by });
  await bench.until(engine, key, (object) => object.status.phase === "Running");
  const set = (given: Readonly<Record<string, string>>) =>
    engine.directory.set(key, { by: "ann", nodeFieldSelector: "phase=Running", outputParameters: given });

  await set({ text: "first" });
  await expect(set({ text: "second" })).rejects.toMatchObject({
    code: "ENGINE_OUTPUT_REFUSED",
    message: "cannot set output parameter 'text' because it does not use valueFrom.raw or it was already set",
  });
  await expect(set({ none: "x" })).rejects.toMatchObject({
    message: "node is not expecting output parameter 'none'",
  });
  await set({ by: "ann" });
  await engine.directory.resume(key, { by: "ann" });
  const ended = await bench.ended(engine, key);
  expect(Object.values(ended.status.nodes)[0]?.["outputs"]).toMatchObject({
    parameters: [
      { name: "text", value: "first" },
      { name: "by", value: "ann" },
    ],
  });
});
