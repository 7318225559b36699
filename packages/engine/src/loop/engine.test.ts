import { setImmediate } from "node:timers/promises";
import { BusError } from "@sluice/bus";
import { expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const key = { namespace: "default", name: "wf" };
const twoSteps = () =>
  aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "one", template: "sh" }], [{ name: "two", template: "sh" }]] },
      shTemplate("sh"),
    ],
  });

test("a submitted workflow runs to its end, is archived, and keeps its name taken", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({ lines: ["hello"] }) });
  const engine = bench.start(executor);

  const { workflow } = await engine.directory.submit(twoSteps(), { namespace: "default", by });
  expect(workflow).toMatchObject({ metadata: { name: "wf" }, status: { phase: "Pending" } });
  const ended = await bench.ended(engine, key);
  expect(ended.status).toMatchObject({ phase: "Succeeded", progress: "2/2" });
  expect(ended.metadata.labels).toMatchObject({
    "workflows.argoproj.io/phase": "Succeeded",
    "workflows.argoproj.io/completed": "true",
    "workflows.argoproj.io/creator": "ann",
  });

  await bench.clock.advanceBy(10_000);
  // Putting away is several calls one after the other: the clock alone does not say that they are done.
  while ((await bench.facts(key)).length > 0 || engine.registry.list().length > 0) {
    await bench.clock.advanceBy(1_000);
    await setImmediate();
  }
  const archived = await engine.directory.get("default", "wf");
  expect(archived.status.nodes).toEqual(ended.status.nodes);
  await expect(engine.directory.submit(twoSteps(), { namespace: "default", by })).rejects.toMatchObject({
    code: "ENGINE_NAME_TAKEN",
  });
  const lines: string[] = [];
  for await (const line of bench.stores.logs.read(key, {})) lines.push(line.text);
  expect(lines).toEqual(["hello", "hello"]);
});

test("a killed engine's run is taken up by the next one, and no step runs twice", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first);
  await one.directory.submit(twoSteps(), { namespace: "default", by });
  const step = await first.started((s) => s.node.name === "wf[0].one");
  await one.kill();

  const second = new ManualExecutor({ now, world });
  const two = bench.start(second);
  await bench.until(two, key, (object) => object.status.phase === "Running");
  second.end(step.id);
  const next = await second.started((s) => s.node.name === "wf[1].two");
  second.end(next.id);

  expect((await bench.ended(two, key)).status.phase).toBe("Succeeded");
  expect(world.starts).toEqual([step.id, next.id]);
});

test("a second engine on the same journal takes the runs, and the first one starts nothing more", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const [a, b] = [new ManualExecutor({ now, world }), new ManualExecutor({ now, world })];
  const one = bench.start(a);
  await one.directory.submit(twoSteps(), { namespace: "default", by });
  const step = await a.started(() => true);

  const two = bench.start(b);
  await bench.until(two, key, (object) => object.status.phase === "Running");
  a.end(step.id); // both are told; only the owner may act
  const next = await b.started((s) => s.node.name === "wf[1].two");
  expect(one.registry.list()).toEqual([]);
  b.end(next.id);
  expect((await bench.ended(two, key)).status.phase).toBe("Succeeded");
  expect(world.starts).toEqual([step.id, next.id]);
  const marks = (await bench.facts(key)).flatMap((fact) => (fact.type === "engine" ? [fact.engine] : []));
  expect(new Set(marks.slice(-3)).size).toBe(1);
});

test("a finished step is kept and stored once the bus is back", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  await engine.directory.submit(twoSteps(), { namespace: "default", by });
  const one = await executor.started(() => true);

  bench.transport.setReachable(false);
  executor.end(one.id);
  await bench.clock.advanceBy(60_000);
  expect(executor.world.ended.has(one.id)).toBe(true);
  bench.transport.setReachable(true);
  await bench.clock.advanceBy(10_000);
  const two = await executor.started((s) => s.node.name === "wf[1].two");
  executor.end(two.id);

  expect((await bench.ended(engine, key)).status.phase).toBe("Succeeded");
  expect(executor.world.starts).toEqual([one.id, two.id]);
});

test("a stop ends the running step and starts no other", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  await engine.directory.submit(twoSteps(), { namespace: "default", by });
  await executor.started(() => true);

  await engine.directory.stop(key, { by: "ann" });

  expect((await bench.ended(engine, key)).status).toMatchObject({
    phase: "Failed",
    message: "Stopped with strategy 'Stop'",
  });
  expect(executor.world.starts).toHaveLength(1);
  await expect(engine.directory.stop(key, { by: "ann" })).rejects.toMatchObject({
    code: "ENGINE_RUN_FINISHED",
  });
});

test("a suspended node waits across a restart, and is resumed with its outputs", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const one = bench.start(new ManualExecutor({ now }));
  const approval = aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "approve", template: "ask" }]] },
      {
        name: "ask",
        suspend: {},
        outputs: { parameters: [{ name: "answer", valueFrom: { supplied: {} } }] },
      },
    ],
  });
  await one.directory.submit(approval, { namespace: "default", by });
  await bench.until(one, key, (object) =>
    Object.values(object.status.nodes).some((n) => n.type === "Suspend"),
  );
  await one.kill();

  const two = bench.start(new ManualExecutor({ now }));
  await bench.until(two, key, (object) => object.status.phase === "Running");
  await expect(two.directory.resume(key, { by: "ann" })).rejects.toMatchObject({
    code: "ENGINE_OUTPUT_MISSING",
  });
  await two.directory.set(key, {
    by: "ann",
    nodeFieldSelector: "displayName=approve",
    message: "looked at",
  });
  await two.directory.resume(key, {
    by: "ann",
    nodeFieldSelector: "displayName=approve",
    outputParameters: { answer: "yes" },
  });

  const ended = await bench.ended(two, key);
  const node = Object.values(ended.status.nodes).find((n) => n.displayName === "approve");
  expect(node).toMatchObject({ phase: "Succeeded", message: "looked at; Resumed by: map[User:ann]" });
  expect(node?.["outputs"]).toMatchObject({ parameters: [{ name: "answer", value: "yes" }] });
});

test("never runs more steps at once than the process may, and shares them between runs", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor, { config: { maxParallelSteps: 2 } });
  const wide = (name: string) =>
    aWorkflow(
      {
        templates: [
          { name: "main", steps: [[{ name: "x", template: "sh", withSequence: { count: 3 } }]] },
          shTemplate("sh"),
        ],
      },
      name,
    );
  for (const name of ["a", "b"]) await engine.directory.submit(wide(name), { namespace: "default", by });
  await executor.started((s) => s.run.name === "a");
  for (let n = 0; n < 6; n++) {
    await bench.clock.advanceBy(1);
    expect(executor.running.length).toBeLessThanOrEqual(2);
    executor.end(executor.running[0] as string);
  }
  for (const name of ["a", "b"])
    expect((await bench.ended(engine, { namespace: "default", name })).status.phase).toBe("Succeeded");
});

test("a deleted workflow is gone, with its logs, and its cause does not run again", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  await engine.directory.submit(twoSteps(), { namespace: "default", by, cause: "c1" });
  await executor.started(() => true);

  await engine.directory.delete(key, { by: "ann" });
  await bench.clock.advanceBy(10_000);

  await expect(engine.directory.get("default", "wf")).rejects.toMatchObject({ code: "ENGINE_RUN_NOT_FOUND" });
  expect((await engine.directory.list("default")).items).toEqual([]);
  await engine.directory.submit(twoSteps(), { namespace: "default", by, cause: "c1" });
  expect(executor.world.starts).toHaveLength(1);
});

test("lists running and archived runs, newest first, by label and page", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({
    now: () => bench.clock.now(),
    script: (s) => (s.run.name === "c" ? undefined : {}),
  });
  const engine = bench.start(executor);
  for (const name of ["a", "b", "c"]) {
    await engine.directory.submit(aWorkflow({}, name), { namespace: "default", by });
    await bench.clock.advanceBy(10_000);
  }
  const names = async (query: Parameters<typeof engine.directory.list>[1]) => {
    const { items, continue: more } = await engine.directory.list("default", query);
    return [items.map((w) => w.metadata.name).join(), more !== undefined];
  };

  expect(await names({})).toEqual(["c,b,a", false]);
  expect(await names({ phases: ["Running"] })).toEqual(["c", false]);
  expect(await names({ labelSelector: "workflows.argoproj.io/completed=true" })).toEqual(["b,a", false]);
  const first = await engine.directory.list("default", { limit: 2 });
  expect(first.items.map((w) => w.metadata.name)).toEqual(["c", "b"]);
  expect(await names({ limit: 2, continue: first.continue ?? "" })).toEqual(["a", false]);
});

test.each(["the limits of semaphores", "an executor's events"])(
  "an engine that cannot follow %s any more ends with the reason, and does not go on without",
  async (what) => {
    const bench = new EngineBench();
    await using _transport = bench.transport;
    const executor = new ManualExecutor({ now: () => bench.clock.now() });
    const denied = BusError.DENIED({ servers: "the bus", reason: "the account was closed" });
    const broken = (): AsyncIterable<never> => ({
      [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(denied) }),
    });
    const { resources, memo } = bench.stores;
    const watched = what === "the limits of semaphores" ? { ...resources, watch: broken } : resources;
    if (watched === resources) executor.events = broken;

    const engine = bench.start(executor, {
      coordination: { locks: bench.stores.state("locks"), memo, resources: watched },
    });

    await expect(engine.ended).rejects.toMatchObject({ code: "BUS_DENIED" });
  },
);
