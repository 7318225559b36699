// What steps say of their own progress: shown at once, and in the journal at most once a minute.
import { afterEach, describe, expect, test } from "vitest";
import type { WorkflowObject } from "../project/workflow-object.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";

let bench: EngineBench;
afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const annotations = { "workflows.argoproj.io/progress": "0/100" };
const manifest = aWorkflow({
  templates: [
    { name: "main", steps: [[{ name: "slow", template: "slow" }], [{ name: "quick", template: "quick" }]] },
    shTemplate("slow", { metadata: { annotations } }),
    shTemplate("quick"),
  ],
});
const key = { namespace: "default", name: "wf" };
const by = { kind: "api", user: "test" } as const;

const progressOf = (object: WorkflowObject, name: string): unknown =>
  Object.values(object.status.nodes).find((node) => node.name === name)?.["progress"];
const shows = (progress: string) => (object: WorkflowObject) =>
  object.status.progress === progress && progressOf(object, "wf[0].slow") === progress;

function world() {
  bench = new EngineBench();
  return manualWorld();
}

async function begun(process: EngineProcess, executor: ManualExecutor): Promise<string> {
  await process.directory.submit(manifest, { namespace: "default", by });
  return (await executor.started((step) => step.node.template === "slow")).id;
}

const recordsOf = async () =>
  (await bench.facts(key)).filter(({ type }) => type === "progress") as readonly object[];

describe("a step that says how far it is", () => {
  test("is shown so far as it says, from its template's word to the end, and its groups and run with it", async () => {
    const executor = new ManualExecutor({ world: world(), now: () => bench.clock.now() });
    const engine = bench.start(executor);
    const slow = await begun(engine, executor);
    await bench.until(engine, key, shows("0/100"));

    executor.progress(slow, "40/100");
    const object = await bench.until(engine, key, shows("40/100"));
    expect(progressOf(object, "wf")).toBe("40/100");
    expect(progressOf(object, "wf[0]")).toBe("40/100");
    expect(await recordsOf()).toEqual([]);

    executor.progress(slow, "nearly done");
    executor.progress(slow, "60/50");
    executor.progress(slow, "70/100");
    await bench.until(engine, key, shows("70/100"));

    executor.end(slow);
    const quick = await executor.started((step) => step.node.template === "quick");
    await bench.until(engine, key, (o) => o.status.progress === "100/101");
    executor.end(quick.id);
    expect((await bench.ended(engine, key)).status.progress).toBe("101/101");
  });

  test("and fails keeps what it said last", async () => {
    const executor = new ManualExecutor({ world: world(), now: () => bench.clock.now() });
    const engine = bench.start(executor);
    const slow = await begun(engine, executor);
    executor.progress(slow, "40/100");
    executor.end(slow, { exitCode: 1 });

    const ended = await bench.ended(engine, key);
    expect(ended.status.progress).toBe("40/100");
    expect(progressOf(ended, "wf[0].slow")).toBe("40/100");
  });

  test("costs its run one record a minute, however often it says so", async () => {
    const executor = new ManualExecutor({ world: world(), now: () => bench.clock.now() });
    const engine = bench.start(executor);
    const slow = await begun(engine, executor);
    for (let minute = 0; minute < 3; minute++)
      for (let tick = 1; tick <= 20; tick++) {
        executor.progress(slow, `${minute * 20 + tick}/100`);
        await bench.until(engine, key, shows(`${minute * 20 + tick}/100`));
        await bench.clock.advanceTo(bench.clock.now() + 3_000);
      }

    expect(await recordsOf()).toMatchObject([
      { type: "progress", step: slow, progress: "20/100" },
      { progress: "40/100" },
      { progress: "60/100" },
    ]);
  });

  test("is known to the next engine from the journal, before and without another word of the step", async () => {
    const ground = world();
    const first = new ManualExecutor({ world: ground, site: "one", now: () => bench.clock.now() });
    const engine = bench.start(first);
    const slow = await begun(engine, first);
    first.progress(slow, "40/100");
    await bench.until(engine, key, shows("40/100"));
    await bench.clock.advanceTo(bench.clock.now() + 60_000);
    expect(await recordsOf()).toHaveLength(1);
    await engine.kill();

    // Of another place, where nobody knows the step any more.
    const elsewhere = new ManualExecutor({ site: "two", now: () => bench.clock.now() });
    const next = bench.start(elsewhere);
    const ended = await bench.ended(next, key);
    expect(ended.status.progress).toBe("40/100");
  });

  test("is asked again by the next engine of its place, which may have missed the newest word", async () => {
    const ground = world();
    const first = new ManualExecutor({ world: ground, now: () => bench.clock.now() });
    const engine = bench.start(first);
    const slow = await begun(engine, first);
    first.progress(slow, "40/100");
    await bench.until(engine, key, shows("40/100"));
    await engine.kill();

    const second = new ManualExecutor({ world: ground, now: () => bench.clock.now() });
    const next = bench.start(second);
    await bench.until(next, key, shows("40/100"));
    expect(await recordsOf()).toEqual([]);
  });
});
