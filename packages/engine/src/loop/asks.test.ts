import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const options = { namespace: "default", by };
const key = (name: string) => ({ namespace: "default", name });
const sync = { mutexes: [{ name: "m" }] };
const whole = (name: string) => aWorkflow({ synchronization: sync, templates: [shTemplate("main")] }, name);
const node = (name: string) =>
  aWorkflow({ templates: [shTemplate("main", { synchronization: sync })] }, name);

describe("two workflows that want one mutex", () => {
  test("the second is Pending and says why; it runs when the first is over", async () => {
    await using bench = new EngineBench();
    const executor = new ManualExecutor({ now: () => bench.clock.now() });
    const engine = bench.start(executor);
    await engine.directory.submit(whole("a"), options);
    const first = await executor.started((s) => s.run.name === "a");
    await engine.directory.submit(whole("b"), options);
    const waits = await bench.until(engine, key("b"), (o) => (o.status.message ?? "").includes("0/1"));
    expect(waits.status).toMatchObject({
      phase: "Pending",
      startedAt: null,
      message: "Waiting for default/Mutex/m lock. Lock status: 0/1",
      synchronization: { mutex: { waiting: [{ mutex: "default/Mutex/m", holder: "default/b" }] } },
    });
    expect((await engine.directory.get("default", "a")).status["synchronization"]).toEqual({
      mutex: { holding: [{ mutex: "default/Mutex/m", holder: "default/a" }] },
    });

    executor.end(first.id);
    const second = await executor.started((s) => s.run.name === "b");
    executor.end(second.id);

    const ended = await bench.ended(engine, key("b"));
    expect(ended.status).toMatchObject({ phase: "Succeeded" });
    expect(ended.status["message"]).toBeUndefined();
    expect(ended.status["synchronization"]).toBeUndefined();
  });

  test("a node waits as Argo's does, in a second engine's run too", async () => {
    await using bench = new EngineBench();
    const executor = new ManualExecutor({ now: () => bench.clock.now() });
    const engine = bench.start(executor);
    await engine.directory.submit(node("a"), options);
    const first = await executor.started((s) => s.run.name === "a");
    await engine.directory.submit(node("b"), options);
    const waits = await bench.until(engine, key("b"), (o) =>
      (o.status.nodes["b"]?.["message"] as string)?.includes("0/1"),
    );
    expect(waits.status.nodes["b"]).toMatchObject({
      phase: "Pending",
      message: "Waiting for default/Mutex/m lock. Lock status: 0/1",
      synchronizationStatus: { waiting: "default/Mutex/m" },
    });
    await engine.directory.stop(key("b"), { by: "ann" });
    expect((await bench.ended(engine, key("b"))).status).toMatchObject({ phase: "Failed" });
    executor.end(first.id);
    expect((await bench.ended(engine, key("a"))).status.phase).toBe("Succeeded");
  });

  test("an engine that dies lets nobody in: its successor goes on with the holder, then with who waits", async () => {
    await using bench = new EngineBench();
    const world = manualWorld();
    const now = () => bench.clock.now();
    const one = bench.start(new ManualExecutor({ now, world }));
    await one.directory.submit(node("a"), options);
    await one.directory.submit(node("b"), options);
    await bench.until(one, key("b"), (o) => (o.status.nodes["b"]?.["message"] as string)?.includes("0/1"));
    await one.kill();

    const second = new ManualExecutor({ now, world });
    const two = bench.start(second);
    await bench.until(two, key("b"), (o) => (o.status.nodes["b"]?.["message"] as string)?.includes("0/1"));
    expect(second.running).toHaveLength(1);
    const [held] = second.running;
    second.end(held ?? "");
    const next = await second.started((s) => s.run.name === "b");
    second.end(next.id);

    expect((await bench.ended(two, key("b"))).status.phase).toBe("Succeeded");
    expect(new Set(world.starts).size).toBe(world.starts.length);
  });

  test("what a run that is no more has left behind is swept", async () => {
    await using bench = new EngineBench();
    const executor = new ManualExecutor({ now: () => bench.clock.now() });
    const lost = { holder: "gone//run", run: key("gone"), uid: "gone", ask: "/run", fence: 1, at: 0 };
    await bench.stores
      .state("locks")
      .put("h.default.mutex.m", JSON.stringify({ v: 1, key: "default/Mutex/m", fence: 1, holders: [lost] }));
    const engine = bench.start(executor);
    await engine.directory.submit(whole("a"), options);
    const step = await executor.started(() => true);
    executor.end(step.id);
    expect((await bench.ended(engine, key("a"))).status.phase).toBe("Succeeded");
  });
});

describe("a cache", () => {
  const memoize = { key: "k", maxAge: "10s", cache: { configMap: { name: "c" } } };
  const outputs = { parameters: [{ name: "out", valueFrom: { path: "/o" } }] };
  const cached = (name: string) => aWorkflow({ templates: [shTemplate("main", { memoize, outputs })] }, name);

  test("serves the next run until its entry is too old, and survives a restart", async () => {
    await using bench = new EngineBench();
    const now = () => bench.clock.now();
    const world = manualWorld();
    const script = () => ({ outputs: { out: "42" } });
    const one = bench.start(new ManualExecutor({ now, script, world }));
    await one.directory.submit(cached("a"), options);
    await bench.ended(one, key("a"));
    await one.kill();

    const two = bench.start(new ManualExecutor({ now, script, world }));
    await two.directory.submit(cached("b"), options);
    const hit = await bench.ended(two, key("b"));
    expect(hit.status.nodes["b"]).toMatchObject({
      phase: "Succeeded",
      memoizationStatus: { hit: true, key: "k", cacheName: "c" },
      outputs: { parameters: [{ name: "out", value: "42" }] },
    });
    expect(world.starts).toHaveLength(1);

    await bench.clock.advanceBy(11_000);
    await two.directory.submit(cached("c"), options);
    const miss = await bench.ended(two, key("c"));
    expect(miss.status.nodes["c"]).toMatchObject({ memoizationStatus: { hit: false } });
    expect(world.starts).toHaveLength(2);
  });

  test("has what an earlier step of the same run made, also where that is no outputs at all", async () => {
    await using bench = new EngineBench();
    const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) });
    const engine = bench.start(executor);
    const workflow = aWorkflow(
      {
        templates: [
          {
            name: "main",
            steps: [[{ name: "first", template: "sh" }], [{ name: "second", template: "sh" }]],
          },
          shTemplate("sh", { memoize }),
        ],
      },
      "a",
    );
    await engine.directory.submit(workflow, options);
    const ended = await bench.ended(engine, key("a"));
    expect(executor.world.starts).toHaveLength(1);
    const second = Object.values(ended.status.nodes).find((node) => node.displayName === "second");
    expect(second).toMatchObject({ phase: "Succeeded", memoizationStatus: { hit: true } });
  });

  test("an entry that cannot be read is a miss, is logged, and is written anew", async () => {
    await using bench = new EngineBench();
    const executor = new ManualExecutor({
      now: () => bench.clock.now(),
      script: () => ({ outputs: { out: "1" } }),
    });
    await bench.stores.state("memo").put("default.c.k", "{broken");
    const engine = bench.start(executor);
    await engine.directory.submit(cached("a"), options);
    expect((await bench.ended(engine, key("a"))).status.phase).toBe("Succeeded");
    const at = { namespace: "default", cache: "c", key: "k" };
    expect(await bench.stores.memo.get(at)).toMatchObject({ node: "a" });
    expect(bench.log.entries.some((line) => line.message.startsWith("a memoized entry cannot be read"))).toBe(
      true,
    );
  });
});

describe("an engine that lets only so many workflows go at once", () => {
  const plain = (name: string, priority = 0) =>
    aWorkflow({ priority, templates: [shTemplate("main")] }, name);
  const message = "Workflow processing has been postponed because too many workflows are already running";

  test("keeps the others Pending, and lets those of the highest priority go first", async () => {
    await using bench = new EngineBench();
    const executor = new ManualExecutor({ now: () => bench.clock.now() });
    const engine = bench.start(executor, { config: { places: { perNamespace: 1 } } });
    await engine.directory.submit(plain("a"), options);
    const a = await executor.started((s) => s.run.name === "a");
    await engine.directory.submit(plain("low"), options);
    await engine.directory.submit(plain("high", 5), options);
    await engine.directory.submit(plain("stopped"), options);
    for (const name of ["low", "high", "stopped"]) {
      const waits = await bench.until(engine, key(name), (o) => o.status.message === message);
      expect(waits.status).toMatchObject({ phase: "Pending", startedAt: null });
      expect(waits.status["synchronization"]).toBeUndefined();
    }
    await engine.directory.stop(key("stopped"), { by: "ann" });
    expect((await bench.ended(engine, key("stopped"))).status).toMatchObject({
      phase: "Failed",
      message: "Stopped with strategy 'Stop'",
    });

    executor.end(a.id);
    const next = await executor.started(() => true);
    expect(next.run.name).toBe("high");
    executor.end(next.id);
    const last = await executor.started((s) => s.run.name === "low");
    executor.end(last.id);
    expect((await bench.ended(engine, key("low"))).status.phase).toBe("Succeeded");
  });

  test("counts runs of other engines, and those of a dead one, too", async () => {
    await using bench = new EngineBench();
    const world = manualWorld();
    const now = () => bench.clock.now();
    const config = { places: { total: 1, perNamespace: 5 } };
    const one = bench.start(new ManualExecutor({ now, world }), { config });
    await one.directory.submit(plain("a"), options);
    await one.directory.submit(plain("b"), options);
    await bench.until(one, key("b"), (o) => o.status.message === message);
    await bench.until(one, key("a"), (o) => o.status.phase === "Running");
    await one.kill();

    const executor = new ManualExecutor({ now, world });
    const two = bench.start(executor, { config });
    await bench.until(two, key("b"), (o) => o.status.message === message);
    const a = await executor.started((s) => s.run.name === "a");
    executor.end(a.id);
    const b = await executor.started((s) => s.run.name === "b");
    executor.end(b.id);
    expect((await bench.ended(two, key("b"))).status.phase).toBe("Succeeded");
  });
});
