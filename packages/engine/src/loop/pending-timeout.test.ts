import { expect, test } from "vitest";
import type { StepEvent } from "../executor/events.ts";
import type { StepRequest } from "../executor/request.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";
import { SilentExecutor } from "../testing/silent-executor.ts";

const submission = { namespace: "default", by: { kind: "api", user: "ann" } } as const;
const key = { namespace: "default", name: "wf" };
const impatient = () => aWorkflow({ templates: [shTemplate("main", { pendingTimeout: "10s" })] });

/** Says again of the steps that it attached to that they run, as real ones do. */
class TellingExecutor extends ManualExecutor {
  #attachedTo: readonly string[] = [];

  override async adopt(known: readonly StepRequest[], owns?: (runUid: string) => boolean) {
    const { attached } = await super.adopt(known, owns);
    this.#attachedTo = attached;
    return { attached };
  }

  override async *events(signal: AbortSignal): AsyncIterable<StepEvent> {
    for (const stepId of this.#attachedTo) yield { type: "started", stepId, at: 0 };
    yield* super.events(signal);
  }
}

test("a step that is still pending at its pendingTimeout fails, and is stopped", async () => {
  await using bench = new EngineBench();
  const executor = new SilentExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  await engine.directory.submit(impatient(), submission);
  await executor.started(() => true);

  await bench.clock.advanceBy(10_000);

  const { status } = await bench.ended(engine, key);
  expect(status).toMatchObject({
    phase: "Failed",
    message: "Pod was pending longer than its pendingTimeout of 10s",
  });
  expect(executor.running).toEqual([]);
});

test("a step that waits for a slot is pending", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor, { config: { maxParallelSteps: 1 } });
  await engine.directory.submit(aWorkflow({}, "first"), submission);
  await executor.started(() => true);
  await engine.directory.submit(impatient(), submission);
  await bench.until(engine, key, (object) => object.status.phase === "Running");

  await bench.clock.advanceBy(10_000);

  expect((await bench.ended(engine, key)).status.phase).toBe("Failed");
  expect(executor.running).toHaveLength(1);
});

test("a step that runs is left alone, and that it runs is stored at once", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  await engine.directory.submit(impatient(), submission);
  const step = await executor.started(() => true);
  await bench.until(engine, key, (object) => object.status.phase === "Running");
  expect((await bench.facts(key)).filter((fact) => fact.type === "started")).toHaveLength(1);

  await bench.clock.advanceBy(60_000);
  executor.end(step.id);

  expect((await bench.ended(engine, key)).status.phase).toBe("Succeeded");
});

test("a step that began while no engine listened is left alone, however late the next engine is", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new SilentExecutor({ now, world });
  const one = bench.start(first);
  await one.directory.submit(impatient(), submission);
  const step = await first.started(() => true);
  await one.kill();
  await bench.clock.advanceBy(600_000);

  const two = bench.start(new TellingExecutor({ now, world }));
  await bench.until(two, key, (object) =>
    Object.values(object.status.nodes).some((node) => node.phase === "Running"),
  );
  await bench.clock.advanceBy(60_000);
  first.end(step.id);

  expect((await bench.ended(two, key)).status.phase).toBe("Succeeded");
});
