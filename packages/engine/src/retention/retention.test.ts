import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { aWorkflow } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";
import { runRetention } from "./retention.ts";

const key = { namespace: "default", name: "wf" };
const by = { kind: "api", user: "ann" } as const;

async function ended(bench: EngineBench, ttlStrategy: object, exitCode = 0) {
  const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({ exitCode }) });
  const engine = bench.start(executor);
  await engine.directory.submit(aWorkflow({ ttlStrategy }), { namespace: "default", by });
  await bench.ended(engine, key);
  return engine;
}

/** Whether the run is there after so many seconds in which retention is at work. */
async function isThereAfter(bench: EngineBench, engine: Awaited<ReturnType<typeof ended>>, seconds: number) {
  const stop = new AbortController();
  const { clock, log } = bench;
  const running = runRetention(
    { archive: bench.stores.archive, runs: engine.directory, clock, log },
    stop.signal,
  );
  for (let ms = 0; ms < seconds * 1_000; ms += 250) {
    await clock.advanceBy(250);
    for (let i = 0; i < 20; i++) await setImmediate();
  }
  stop.abort();
  await running;
  return engine.directory.get("default", "wf").then(
    () => true,
    () => false,
  );
}

test("what is said of a success goes before what is said of any end", async () => {
  await using bench = new EngineBench();
  const engine = await ended(bench, { secondsAfterCompletion: 600, secondsAfterSuccess: 5 });
  expect(await isThereAfter(bench, engine, 3)).toBe(true);
  expect(await isThereAfter(bench, engine, 4)).toBe(false);
});

test("a failure is kept for its own time, also over a restart", async () => {
  await using bench = new EngineBench();
  const engine = await ended(bench, { secondsAfterSuccess: 1, secondsAfterFailure: 60 }, 1);
  expect(await isThereAfter(bench, engine, 30)).toBe(true);
  await bench.clock.advanceBy(40_000);
  expect(await isThereAfter(bench, engine, 1)).toBe(false);
});

test("without a time it stays", async () => {
  await using bench = new EngineBench();
  const engine = await ended(bench, { secondsAfterFailure: 1 });
  expect(await isThereAfter(bench, engine, 60)).toBe(true);
});

describe("the newest so many", () => {
  /** Ends runs of these names and exit codes, one after the other; what is tried again goes on and on. */
  async function history(bench: EngineBench, ends: Readonly<Record<string, number>>) {
    const seen = new Set<string>();
    const executor = new ManualExecutor({
      now: () => bench.clock.now(),
      script: ({ run: { name } }) => {
        if (seen.has(name)) return undefined;
        seen.add(name);
        return { exitCode: ends[name] ?? 0 };
      },
    });
    const engine = bench.start(executor);
    for (const name of Object.keys(ends)) {
      await engine.directory.submit(aWorkflow({}, name), { namespace: "default", by });
      await bench.ended(engine, { namespace: "default", name });
      await bench.putAway(engine);
    }
    return engine;
  }

  async function keptBy(
    bench: EngineBench,
    engine: EngineProcess,
    processes: number,
  ): Promise<readonly string[]> {
    const stop = new AbortController();
    const { clock, log } = bench;
    const keep = { completed: 2, failed: 1 };
    const deps = { archive: bench.stores.archive, runs: engine.directory, clock, log, keep };
    const running = Array.from({ length: processes }, () => runRetention(deps, stop.signal));
    for (let turn = 0; turn < 8; turn++) {
      await clock.advanceBy(250);
      for (let i = 0; i < 20; i++) await setImmediate();
    }
    stop.abort();
    await Promise.all(running);
    return (await engine.directory.list("default")).items.map((run) => run.metadata.name).sort();
  }

  test.each([1, 3])("of each end stay, with %i processes at it", async (processes) => {
    await using bench = new EngineBench();
    const engine = await history(bench, { a: 0, b: 0, c: 1, d: 0, e: 1, f: 0 });

    expect(await keptBy(bench, engine, processes)).toEqual(["d", "e", "f"]);
  });

  test("one that is being tried again is no longer what its row says, and stays", async () => {
    await using bench = new EngineBench();
    const engine = await history(bench, { old: 1, young: 1 });
    await engine.directory.retry({ namespace: "default", name: "old" }, { by: "ann" });

    expect(await keptBy(bench, engine, 1)).toEqual(["old", "young"]);
  });
});
