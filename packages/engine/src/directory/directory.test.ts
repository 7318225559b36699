// What lists and watches show of runs, wherever they are.

import { setImmediate } from "node:timers/promises";
import { SeededRandom, silentLogger } from "@sluice/base";
import { BusError, type Journal } from "@sluice/bus";
import { expect, test } from "vitest";
import type { Fact } from "../facts.ts";
import { RunRegistry } from "../loop/registry.ts";
import { aWorkflow } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";
import { ArchiveIndex } from "./archived/archive-index.ts";
import { makeRunDirectory } from "./directory.ts";
import type { RunQuery } from "./port.ts";

const by = { kind: "api", user: "ann" } as const;

async function finish(bench: EngineBench, engine: EngineProcess, names: readonly string[]): Promise<void> {
  for (const name of names) {
    await engine.directory.submit(aWorkflow({}, name), { namespace: "default", by });
    await bench.ended(engine, { namespace: "default", name });
    // Packing the archive row is not in virtual time.
    for (let turn = 0; turn < 1_000 && engine.registry.list().length > 0; turn++) {
      await bench.clock.advanceBy(1_000);
      await setImmediate();
    }
  }
}

const quick = (bench: EngineBench) =>
  new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) });

async function page(engine: EngineProcess, query: RunQuery) {
  const list = await engine.directory.list("default", query);
  return { names: list.items.map((run) => run.metadata.name), next: list.continue };
}

test("a page goes on behind the last one although the run it ended with is gone", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));
  await finish(bench, engine, ["a", "b", "c", "d"]);

  const first = await page(engine, { limit: 2 });
  expect(first.names).toEqual(["d", "c"]);
  await engine.directory.delete({ namespace: "default", name: "c" }, { by: "ann" });
  await finish(bench, engine, ["e"]);

  const second = await page(engine, { limit: 2, continue: first.next ?? "" });
  expect(second).toEqual({ names: ["b", "a"], next: undefined });
});

test("a token that no list gave is refused, not read as the first page", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));
  for (const token of ["", "x", "12", "1:", "1e3:a/b"])
    await expect(engine.directory.list("default", { continue: token }), token).rejects.toMatchObject({
      code: "ENGINE_CONTINUE_INVALID",
    });
});

test("a watcher is told of an archived run's deletion, and of runs that another process has", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));
  const { archive, logs, submitRun } = bench.stores;
  const journal = bench.stores.journal<Fact>();
  const [registry, random] = [new RunRegistry(), new SeededRandom(7)];
  const elsewhere = makeRunDirectory({
    journal,
    archive,
    logs,
    submitRun,
    registry,
    clock: bench.clock,
    random,
  });
  await finish(bench, engine, ["old"]);
  const stop = new AbortController();
  const told: string[] = [];
  for await (const { type, object } of elsewhere.watch("default", {}, stop.signal)) {
    told.push(`${type} ${object.metadata.name} ${object.status.phase}`);
    if (told.length === 1) await engine.directory.submit(aWorkflow({}, "new"), { namespace: "default", by });
    if (object.metadata.name === "new" && object.status.finishedAt !== null && type !== "DELETED")
      await engine.directory.delete({ namespace: "default", name: "old" }, { by: "ann" });
    if (type === "DELETED") break;
  }
  expect(told[0]).toBe("ADDED old Succeeded");
  expect(told).toContainEqual(expect.stringMatching(/^(ADDED|MODIFIED) new Succeeded$/));
  expect(told.at(-1)).toBe("DELETED old Succeeded");
});

test("a watcher outlives a bus that is away while a changed run is read, and a run that cannot be read", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(new ManualExecutor({ now: () => bench.clock.now() }));
  const { archive, logs, submitRun } = bench.stores;
  const whole = bench.stores.journal<Fact>();
  let reads = 0;
  const journal: Journal<Fact> = {
    ...whole,
    async *read(key, afterSeq) {
      if (key.name === "odd") throw new TypeError("it has another shape");
      reads += 1;
      void bench.clock.advanceBy(60_000);
      if (reads <= 3) throw BusError.UNAVAILABLE({ what: "read", reason: "lost on the way" });
      yield* whole.read(key, afterSeq);
    },
  };
  const [registry, random, { clock }] = [new RunRegistry(), new SeededRandom(7), bench];
  const elsewhere = makeRunDirectory({ journal, archive, logs, submitRun, registry, clock, random });
  const changes = elsewhere.watch("default", {}, new AbortController().signal)[Symbol.asyncIterator]();
  const first = changes.next();
  await clock.advanceBy(1_000);

  await engine.directory.submit(aWorkflow({}, "odd"), { namespace: "default", by });
  await engine.directory.submit(aWorkflow({}, "seen"), { namespace: "default", by });

  expect((await first).value).toMatchObject({ type: "ADDED", object: { metadata: { name: "seen" } } });
  expect(reads).toBeGreaterThan(3);
});

test("an index that may not hold every row says so, and one that may not hold objects still lists", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));
  await finish(bench, engine, ["a", "b", "c"]);
  const { archive } = bench.stores;
  const stop = new AbortController();

  const small = new ArchiveIndex(
    archive,
    { clock: bench.clock, log: silentLogger },
    { maxRows: 2, maxPackedChars: 1_000_000 },
  );
  small.follow(stop.signal);
  expect(await small.rows("default")).toBeUndefined();

  const thin = new ArchiveIndex(
    archive,
    { clock: bench.clock, log: silentLogger },
    { maxRows: 10, maxPackedChars: 0 },
  );
  thin.follow(stop.signal);
  const rows = await thin.rows("default");
  expect(rows?.map((row) => [row.key.name, row.object])).toEqual([
    ["a", undefined],
    ["b", undefined],
    ["c", undefined],
  ]);
  expect(await thin.rows("other")).toEqual([]);
  stop.abort();
});

test("who deletes a run does not see it again, just ended or archived, however late the followers are", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));
  const { directory } = engine;
  await finish(bench, engine, ["archived"]);
  await directory.submit(aWorkflow({}, "ended"), { namespace: "default", by });
  await bench.ended(engine, { namespace: "default", name: "ended" });
  expect((await page(engine, {})).names).toEqual(["ended", "archived"]);

  for (const name of ["archived", "ended"]) {
    await directory.delete({ namespace: "default", name }, { by: "ann" });
    const list = await page(engine, {});
    expect(list.names).not.toContain(name);
    await expect(directory.get("default", name)).rejects.toMatchObject({ code: "ENGINE_RUN_NOT_FOUND" });
    await expect(directory.delete({ namespace: "default", name }, { by: "ann" })).rejects.toMatchObject({
      code: "ENGINE_RUN_NOT_FOUND",
    });
  }

  const stop = new AbortController();
  const shown: string[] = [];
  await directory.submit(aWorkflow({}, "new"), { namespace: "default", by });
  for await (const { type, object } of directory.watch("default", {}, stop.signal)) {
    shown.push(`${type} ${object.metadata.name}`);
    if (object.status.finishedAt !== null) break;
  }
  expect(shown.filter((line) => !line.endsWith(" new"))).toEqual([]);
});

test("a run that is deleted right after its end goes at once, and its watcher is told", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));
  const key = { namespace: "default", name: "ended" };
  await engine.directory.submit(aWorkflow({}, "ended"), { namespace: "default", by });
  const stop = new AbortController();
  const told: string[] = [];
  for await (const { type, object } of engine.directory.watch("default", { name: "ended" }, stop.signal)) {
    if (object.status.finishedAt === null) continue;
    told.push(type);
    if (told.length === 1) await engine.directory.delete(key, { by: "ann" });
  }
  expect(told.at(-1)).toBe("DELETED");

  // The clock stands still: nothing of the wait before the seal is left.
  const gone = Promise.withResolvers<void>();
  engine.registry.onChange(() => engine.registry.get(key) === undefined && gone.resolve());
  if (engine.registry.get(key) !== undefined) await gone.promise;
  expect(await bench.facts(key)).toEqual([]);
});

test("labels of a run that runs are changed, seen by its watchers and kept by the archive", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  const key = { namespace: "default", name: "a" };
  await engine.directory.submit(aWorkflow({}, "a"), { namespace: "default", by });
  const step = await executor.started(() => true);

  await engine.directory.label(key, {
    by: "ann",
    labels: { team: "x", gone: "y" },
    annotations: { note: "z" },
  });
  await bench.until(engine, key, ({ metadata }) => metadata.labels["team"] === "x");
  await engine.directory.label(key, { by: "ann", labels: { gone: null } });
  executor.end(step.id);

  const { metadata } = await bench.ended(engine, key);
  expect(metadata.labels).toMatchObject({ team: "x" });
  expect(metadata.labels).not.toHaveProperty("gone");
  expect(metadata["annotations"]).toEqual({ note: "z" });
  await expect(engine.directory.label(key, { by: "ann", labels: { a: "b" } })).rejects.toMatchObject({
    code: "ENGINE_RUN_FINISHED",
  });
});

test.each([
  ["a label's name", { labels: { "-x": "y" } }],
  ["a label's value", { labels: { x: "a b" } }],
  ["an annotation's name", { annotations: { "a b": "" } }],
  ["an annotation's length", { annotations: { a: "x".repeat(100_000) } }],
  ["their number", { labels: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`l${i}`, "x"])) }],
])("%s that no object may have is refused before it is stored", async (_, changes) => {
  await using bench = new EngineBench();
  const engine = bench.start(quick(bench));

  await expect(
    engine.directory.label({ namespace: "default", name: "a" }, { by: "ann", ...changes }),
  ).rejects.toMatchObject({ code: "ENGINE_LABEL_INVALID" });
});
