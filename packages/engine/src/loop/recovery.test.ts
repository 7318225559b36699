// What a process that dies leaves to the next one: output, stops, deletions.
import { setImmediate } from "node:timers/promises";
import { BusError } from "@sluice/bus";
import { expect, test } from "vitest";
import type { StepRequest } from "../executor/request.ts";
import type { Fact } from "../facts.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const key = { namespace: "default", name: "wf" };
const oneStep = () => aWorkflow();

async function textsOf(bench: EngineBench): Promise<readonly string[]> {
  const lines = await Array.fromAsync(bench.stores.logs.read(key, {}));
  return lines.map((line) => line.text);
}

/** Resolves once the log holds so many lines. */
async function stored(bench: EngineBench, count: number): Promise<void> {
  const stop = new AbortController();
  for await (const _ of bench.stores.logs.read(key, { follow: stop.signal })) {
    count -= 1;
    if (count === 0) return;
  }
}

/** Submits and gives the step that then runs. */
async function running(
  engine: EngineProcess,
  executor: ManualExecutor,
  workflow = oneStep(),
): Promise<StepRequest> {
  await engine.directory.submit(workflow, { namespace: "default", by, cause: "c" });
  return executor.started(() => true);
}

test("a process that dies in the middle of a chatty step leaves each line once, in order", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const told: string[] = [];
  let step: StepRequest | undefined;
  for (let process = 0; process < 4; process++) {
    const executor = new ManualExecutor({ now, world });
    const engine = bench.start(executor);
    step ??= await running(engine, executor);
    await bench.until(engine, key, (object) => object.status.phase === "Running");
    const lines = Array.from({ length: 50 }, (_, i) => `${process}/${i}`);
    told.push(...lines);
    executor.say(step.id, lines.slice(0, 30));
    executor.say(step.id, lines.slice(30), "stdout");
    await stored(bench, told.length);
    if (process < 3) {
      await engine.kill();
      continue;
    }
    executor.end(step.id);
    await bench.ended(engine, key);
  }
  expect(await textsOf(bench)).toEqual(told);
});

test("a claim that comes second to the old engine's last record takes the run all the same", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first);
  const two = aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "a", template: "sh" }], [{ name: "b", template: "sh" }]] },
      shTemplate("sh"),
    ],
  });
  const step = await running(one, first, two);

  // The old engine stores the step's end just before the new one's claim, and is gone.
  const journal = bench.stores.journal<Fact>();
  let isFirstAppend = true;
  const second = new ManualExecutor({ now, world, script: () => ({}) });
  const late = bench.start(second, {
    journal: {
      ...journal,
      append: async (...record) => {
        if (isFirstAppend) {
          isFirstAppend = false;
          first.end(step.id);
          await first.started((s) => s.node.name === "wf[1].b");
          await one.kill();
        }
        return journal.append(...record);
      },
    },
  });

  const next = await first.started((s) => s.node.name === "wf[1].b");
  await bench.until(late, key, (object) => object.status.progress === "1/2");
  second.end(next.id);
  expect((await bench.ended(late, key)).status.phase).toBe("Succeeded");
  expect(world.starts).toEqual([step.id, next.id]);
});

test("an append that was stored although it failed is not stored again", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  let failures = 2;
  const { logs } = bench.stores;
  const lossy: typeof logs = {
    ...logs,
    async append(run, node, lines, after) {
      const last = await logs.append(run, node, lines, after);
      failures -= 1;
      if (failures >= 0) throw BusError.UNAVAILABLE({ what: "append", reason: "no answer" });
      return last;
    },
  };
  const engine = bench.start(executor, { logs: lossy });
  const step = await running(engine, executor);

  executor.say(step.id, ["a", "b"]);
  executor.say(step.id, ["c"], "stderr");
  executor.end(step.id, { lines: ["d"] });
  await bench.clock.advanceBy(60_000);

  expect(await textsOf(bench)).toEqual(["a", "b", "c", "d"]);
});

test("lines of both streams are stored once although they come again in another order", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first);
  const step = await running(one, first);
  first.say(step.id, ["out 1"]);
  first.say(step.id, ["err 1"], "stderr");
  await stored(bench, 2);
  await one.kill();

  world.output.get(step.id)?.reverse();
  const second = new ManualExecutor({ now, world });
  const two = bench.start(second);
  await bench.until(two, key, (object) => object.status.phase === "Running");
  second.say(step.id, ["out 2"]);
  second.end(step.id);
  await bench.ended(two, key);

  expect(await textsOf(bench)).toEqual(["out 1", "err 1", "out 2"]);
});

test("a step that a stored stop meant and that runs no more is not started again", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const first = new ManualExecutor({ now });
  const one = bench.start(first);
  await running(one, first);
  await one.kill();
  await one.directory.stop(key, { by: "ann" });

  const lost = new ManualExecutor({ now });
  const two = bench.start(lost);
  const ended = await bench.ended(two, key);

  expect(ended.status).toMatchObject({ phase: "Failed", message: "Stopped with strategy 'Stop'" });
  expect(lost.world.starts).toEqual([]);
});

test("after a restart a stop ends what it meant, and spares the exit handler", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const withExit = aWorkflow({ onExit: "bye", templates: [shTemplate("main"), shTemplate("bye")] });
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first);
  await running(one, first, withExit);
  await one.directory.stop(key, { by: "ann" });
  const exit = await first.started((step) => step.node.template === "bye");
  await one.kill();

  const second = new ManualExecutor({ now, world });
  const two = bench.start(second);
  await bench.until(two, key, (object) => object.status.phase === "Running");
  await bench.clock.advanceBy(1_000);
  expect(second.running).toEqual([exit.id]);
  second.end(exit.id);

  const nodes = Object.values((await bench.ended(two, key)).status.nodes);
  expect(nodes.map((node) => [node.displayName, node.phase])).toEqual([
    ["wf", "Failed"],
    ["wf.onExit", "Succeeded"],
  ]);
});

test("a stop that comes while the step cannot be started yet keeps it from ever starting", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const start = executor.start.bind(executor);
  let away = true;
  const tried = Promise.withResolvers<void>();
  executor.start = async (step) => {
    tried.resolve();
    if (away) throw BusError.UNAVAILABLE({ what: "start", reason: "no room" });
    await start(step);
  };
  const engine = bench.start(executor);
  await engine.directory.submit(oneStep(), { namespace: "default", by });
  await tried.promise;
  await engine.directory.stop(key, { by: "ann" });
  away = false;
  await bench.clock.advanceBy(60_000);

  const ended = await engine.directory.get("default", "wf");
  expect(ended.status.phase).toBe("Failed");
  expect(executor.world.starts).toEqual([]);
});

test("a deletion at any moment of a run's end is carried out", async () => {
  for (const hop of ["archive.put", "journal.append", "journal.purge"] as const)
    for (const when of ["before", "after"] as const) {
      await using bench = new EngineBench();
      const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({ lines: ["x"] }) });
      const journal = bench.stores.journal<never>();
      const plain = bench.start(new ManualExecutor({ now: () => bench.clock.now() }));
      await plain.kill();
      let deleting = false;
      const at = async (here: string, act: () => Promise<unknown>): Promise<never> => {
        const mine = here === hop && !deleting;
        deleting ||= mine;
        if (mine && when === "before") await plain.directory.delete(key, { by: "ann" });
        const result = await act();
        if (mine && when === "after") await plain.directory.delete(key, { by: "ann" });
        return result as never;
      };
      const seals = (facts: readonly { type: string }[]) => facts.some((fact) => fact.type === "sealed");
      const engine = bench.start(executor, {
        archive: {
          ...bench.stores.archive,
          put: (row) => at("archive.put", () => bench.stores.archive.put(row)),
        },
        journal: {
          ...journal,
          append: (run, facts, seq) =>
            at(seals(facts) ? "journal.append" : "", () => journal.append(run, facts as never, seq)),
          purge: (run) => at("journal.purge", () => journal.purge(run)),
        },
      });
      await engine.directory.submit(oneStep(), { namespace: "default", by, cause: "c" });
      // Packing the archive row is not in virtual time.
      for (let turn = 0; turn < 1_000 && (await bench.facts(key)).length > 0; turn++) {
        await bench.clock.advanceBy(500);
        await setImmediate();
      }

      const label = `${when} ${hop}`;
      expect(deleting, label).toBe(true);
      expect(await bench.stores.archive.get(key), label).toHaveProperty("deletedAt");
      await expect(plain.directory.get("default", "wf"), label).rejects.toMatchObject({
        code: "ENGINE_RUN_NOT_FOUND",
      });
      expect(await textsOf(bench), label).toEqual([]);
      expect(await bench.facts(key), label).toEqual([]);
    }
});

test("a run that was deleted after its journal was sealed stays deleted when the next process puts it away again", async () => {
  await using bench = new EngineBench();
  const script = () => ({});
  const journal = bench.stores.journal<never>();
  const purging = Promise.withResolvers<void>();
  const first = bench.start(new ManualExecutor({ now: () => bench.clock.now(), script }), {
    journal: {
      ...journal,
      purge: async () => {
        purging.resolve();
        throw BusError.UNAVAILABLE({ what: "purge", reason: "away" });
      },
    },
  });
  await first.directory.submit(oneStep(), { namespace: "default", by, cause: "c" });
  const ticking = new AbortController();
  void purging.promise.then(() => ticking.abort());
  while (!ticking.signal.aborted) {
    await bench.clock.advanceBy(500);
    await setImmediate();
  }
  await first.directory.delete(key, { by: "ann" });
  await first.kill();
  expect(await bench.facts(key)).toContainEqual(expect.objectContaining({ type: "sealed" }));

  const second = bench.start(new ManualExecutor({ now: () => bench.clock.now(), script }));
  for (let turn = 0; turn < 1_000 && (await bench.facts(key)).length > 0; turn++) {
    await bench.clock.advanceBy(500);
    await setImmediate();
  }

  expect(await bench.facts(key)).toEqual([]);
  expect(await bench.stores.archive.get(key)).toHaveProperty("deletedAt");
  await expect(second.directory.get("default", "wf")).rejects.toMatchObject({ code: "ENGINE_RUN_NOT_FOUND" });
});
