// Daemons through the whole loop: what a process that dies leaves to the next one, and slots.
import { expect, test } from "vitest";
import type { StepRequest } from "../executor/request.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const key = { namespace: "default", name: "wf" };
const served = () =>
  aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [{ name: "svc", template: "serve" }],
          [
            {
              name: "use",
              template: "use",
              arguments: { parameters: [{ name: "ip", value: "{{steps.svc.ip}}" }] },
            },
          ],
        ],
      },
      shTemplate("serve", { daemon: true }),
      shTemplate("use", { inputs: { parameters: [{ name: "ip" }] } }),
    ],
  });
const isDaemon = (step: StepRequest) => step.daemon === true;
const isUser = (step: StepRequest) => step.node.template === "use";

const submit = (engine: EngineProcess) =>
  engine.directory.submit(served(), { namespace: "default", by, cause: "c" });
const nodeOf = (object: { readonly status: { readonly nodes: object } }, name: string) =>
  Object.values(object.status.nodes as Record<string, Record<string, unknown>>).find(
    (node) => node["displayName"] === name,
  );

test("a daemon is shown as daemoned with its address, is told to end with its scope, and takes no slot", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor, { config: { maxParallelSteps: 1 } });
  await submit(engine);
  const user = await executor.started(isUser);

  const running = await bench.until(engine, key, (object) => nodeOf(object, "use") !== undefined);
  expect(nodeOf(running, "svc")).toMatchObject({ phase: "Running", daemoned: true, podIP: "10.0.0.1" });
  executor.end(user.id);
  const ended = await bench.ended(engine, key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(nodeOf(ended, "svc")).toMatchObject({ phase: "Succeeded", outputs: { exitCode: "143" } });
  expect(nodeOf(ended, "svc")).not.toHaveProperty("daemoned");
  expect(nodeOf(ended, "use")).toMatchObject({ inputs: { parameters: [{ name: "ip", value: "10.0.0.1" }] } });
  expect(executor.running).toEqual([]);
});

test("a daemon of a process that died goes on, and the next one ends it with its scope", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first);
  await submit(one);
  const user = await first.started(isUser);
  await one.kill();

  const second = new ManualExecutor({ now, world });
  const two = bench.start(second);
  await bench.until(two, key, () => true);
  expect(second.running).toHaveLength(2);
  second.end(user.id);
  const ended = await bench.ended(two, key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(nodeOf(ended, "svc")).toMatchObject({ phase: "Succeeded" });
  expect(world.starts).toHaveLength(2);
  expect(second.running).toEqual([]);
});

test("that a daemon is ready is told to the next process, where the first one died before it was stored", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new ManualExecutor({ now, world, isReadyAtOnce: false });
  const one = bench.start(first);
  await submit(one);
  const daemon = await first.started(isDaemon);
  await one.kill();
  world.ready.add(daemon.id);

  const second = new ManualExecutor({ now, world, script: (step) => (isUser(step) ? {} : undefined) });
  const ended = await bench.ended(bench.start(second), key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(new Set(world.starts).size).toBe(world.starts.length);
});

/** A process that dies before it can tell anybody to end. */
class DyingExecutor extends ManualExecutor {
  override async stop(): Promise<void> {
    await new Promise<never>(() => {});
  }
}

test("a daemon whose scope is over, and that was not told so, is told by the next process", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new DyingExecutor({ now, world });
  const one = bench.start(first);
  await submit(one);
  first.end((await first.started(isUser)).id);
  await bench.until(one, key, (object) => nodeOf(object, "use")?.["phase"] === "Succeeded");
  await one.kill();
  expect(world.running.size).toBe(1);

  const second = new ManualExecutor({ now, world });
  const ended = await bench.ended(bench.start(second), key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(nodeOf(ended, "svc")).toMatchObject({ phase: "Succeeded" });
  expect(world.running.size).toBe(0);
});
