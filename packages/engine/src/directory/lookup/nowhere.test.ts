// A run that exists is found at every moment of its being put away, by the process that has it and by any other.
import { setImmediate } from "node:timers/promises";
import { SeededRandom } from "@sluice/base";
import type { Archive, Journal } from "@sluice/bus";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../facts.ts";
import { RunRegistry } from "../../loop/registry.ts";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../../testing/engine-bench.ts";
import { ManualExecutor } from "../../testing/manual-executor.ts";
import { ArchiveIndex } from "../archived/archive-index.ts";
import { makeRunDirectory } from "../directory.ts";
import type { RunDirectory } from "../port.ts";

const by = { kind: "api", user: "ann" } as const;
const key = { namespace: "default", name: "wf" };
const workflow = aWorkflow({ templates: [shTemplate("main")], entrypoint: "main" }, "wf");

/** Fails the first time that it is asked. */
function failingOnce(bench: EngineBench) {
  let asked = 0;
  return new ManualExecutor({
    now: () => bench.clock.now(),
    script: () => (asked++ === 0 ? { exitCode: 1 } : {}),
  });
}

async function putAway(bench: EngineBench, engine: EngineProcess): Promise<void> {
  for (let turn = 0; turn < 1_000 && engine.registry.list().length > 0; turn++) {
    await bench.clock.advanceBy(1_000);
    await setImmediate();
  }
}

/** A server without an engine, on the same bus. */
function elsewhere(
  bench: EngineBench,
  parts: { journal?: Journal<Fact>; archive?: Archive; signal?: AbortSignal; registry?: RunRegistry } = {},
): RunDirectory {
  const { archive, logs, submitRun } = bench.stores;
  return makeRunDirectory({
    ...{ journal: bench.stores.journal<Fact>(), archive, logs, submitRun, clock: bench.clock },
    ...{ registry: new RunRegistry(), random: new SeededRandom(7) },
    ...parts,
  });
}

/** Everywhere that the run can be asked for; each that misses it is named. */
async function missing(directory: RunDirectory, uid: string): Promise<readonly string[]> {
  const missed: string[] = [];
  const ask = async (how: string, found: Promise<boolean>) => {
    if (!(await found.catch(() => false))) missed.push(how);
  };
  await ask(
    "get",
    directory.get("default", "wf").then(() => true),
  );
  await ask(
    "list",
    directory.list("default").then(({ items }) => items.length === 1),
  );
  await ask(
    "uid",
    directory.findByUid(uid).then((found) => found !== undefined),
  );
  await ask("watch", firstShown(directory));
  await ask(
    "terminate",
    directory.terminate(key, { by: "ann" }).then(
      () => true,
      (error: { code?: string }) => error.code === "ENGINE_RUN_FINISHED",
    ),
  );
  return missed;
}

async function firstShown(directory: RunDirectory): Promise<boolean> {
  const stop = new AbortController();
  const guard = setImmediate(undefined).then(async () => {
    for (let turn = 0; turn < 50; turn++) await setImmediate();
    stop.abort();
  });
  let isShown = false;
  for await (const event of directory.watch("default", { name: "wf" }, stop.signal)) {
    isShown = event.type === "ADDED";
    stop.abort();
  }
  await guard;
  return isShown;
}

describe("while a run is put away", () => {
  test("it is found before and after each step of it, also when it is tried again", async () => {
    await using bench = new EngineBench();
    const journal = bench.stores.journal<Fact>();
    const { archive } = bench.stores;
    const stop = new AbortController();
    const places: [string, RunDirectory][] = [
      ["another process", elsewhere(bench)],
      ["another process with an index", elsewhere(bench, { signal: stop.signal })],
    ];
    let uid = "";
    const looks: string[] = [];
    const holes: string[] = [];
    const look = async (moment: string) => {
      looks.push(moment);
      for (const [who, directory] of places)
        for (const how of await missing(directory, uid)) holes.push(`${moment}: ${how} of ${who}`);
    };
    const around = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
      await look(`before ${what}`);
      const done = await work();
      await look(`after ${what}`);
      return done;
    };
    const isSeal = (facts: readonly Fact[]) => facts.some(({ type }) => type === "sealed");
    const engine = bench.start(failingOnce(bench), {
      journal: {
        ...journal,
        append: (of, facts, seq) =>
          isSeal(facts)
            ? around("the seal", () => journal.append(of, facts, seq))
            : journal.append(of, facts, seq),
        purge: (of) => around("the purge", () => journal.purge(of)),
      },
      archive: { ...archive, put: (row) => around("the row", () => archive.put(row)) },
    });
    places.push(["its own process", engine.directory]);

    uid = (await engine.directory.submit(workflow, { namespace: "default", by })).workflow.metadata.uid;
    await bench.ended(engine, key);
    await putAway(bench, engine);
    await look("later");
    uid = (await engine.directory.retry(key, { by: "ann" })).metadata.uid;
    await look("retried");
    await bench.ended(engine, key);
    await putAway(bench, engine);
    stop.abort();

    expect(holes).toEqual([]);
    expect(looks).toHaveLength(14);
  });

  test.each([1, 2, 3])("a look that it overtakes at journal read %i finds it all the same", async (at) => {
    for (const ask of ["get", "list", "uid", "terminate"] as const) {
      await using bench = new EngineBench();
      const journal = bench.stores.journal<Fact>();
      const engine = bench.start(failingOnce(bench));
      const { uid } = (await engine.directory.submit(workflow, { namespace: "default", by })).workflow
        .metadata;
      await bench.ended(engine, key);
      let reads = 0;
      const directory = elsewhere(bench, {
        journal: {
          ...journal,
          async *read(of, after) {
            reads += 1;
            if (reads === at) await putAway(bench, engine);
            yield* journal.read(of, after);
          },
        },
      });

      const asked = {
        get: () => directory.get("default", "wf"),
        list: async () => (await directory.list("default")).items[0],
        uid: () => directory.findByUid(uid),
        terminate: () =>
          directory.terminate(key, { by: "ann" }).catch((error: { code: string }) => error.code),
      }[ask];
      expect(await asked(), ask).toEqual(
        ask === "terminate"
          ? "ENGINE_RUN_FINISHED"
          : expect.objectContaining({ metadata: expect.objectContaining({ uid }) }),
      );
    }
  });
});

test("an archive's index that is behind is not believed", async () => {
  await using bench = new EngineBench();
  const { archive } = bench.stores;
  const engine = bench.start(failingOnce(bench));
  const stop = new AbortController();
  const held = Promise.withResolvers<void>();
  const directory = elsewhere(bench, {
    signal: stop.signal,
    archive: {
      ...archive,
      async *watch(signal) {
        for await (const change of archive.watch(signal)) {
          if (change.type !== "caught-up") await held.promise;
          yield change;
        }
      },
    },
  });
  expect((await directory.list("default")).items).toEqual([]);
  const { uid } = (await engine.directory.submit(workflow, { namespace: "default", by })).workflow.metadata;
  await bench.ended(engine, key);
  await putAway(bench, engine);

  const asked = Promise.all([
    directory.list("default"),
    directory.findByUid(uid),
    directory.labels("default"),
  ]);
  let isAnswered = false;
  const answered = asked.finally(() => {
    isAnswered = true;
  });
  for (let turn = 0; turn < 1_000 && !isAnswered; turn++) {
    await setImmediate();
    await bench.clock.advanceBy(100);
  }
  const [list, byUid, labels] = await answered;

  expect(list.items.map(({ metadata }) => metadata.uid)).toEqual([uid]);
  expect(byUid?.metadata.uid).toBe(uid);
  expect(labels.size).toBeGreaterThan(0);
  // Once it is there again, it is believed again.
  held.resolve();
  expect((await directory.list("default")).items).toHaveLength(1);
  stop.abort();
});

test("an index that begins while the bus is away is there when the bus is", async () => {
  await using bench = new EngineBench();
  const { archive } = bench.stores;
  const stop = new AbortController();
  const index = new ArchiveIndex(archive, { clock: bench.clock, log: bench.log });

  bench.transport.setReachable(false);
  index.follow(stop.signal);
  await setImmediate();
  bench.transport.setReachable(true);
  await bench.clock.advanceBy(1_000);

  expect(await index.rows("default")).toEqual([]);
  stop.abort();
});

test("a run that its engine takes while a list asks for names is on the list", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now() });
  const engine = bench.start(executor);
  const journal = bench.stores.journal<Fact>();
  const directory = elsewhere(bench, {
    registry: engine.registry,
    journal: {
      ...journal,
      async keys(namespace) {
        await engine.directory.submit(workflow, { namespace: "default", by });
        await executor.started(() => true);
        return journal.keys(namespace);
      },
    },
  });

  expect((await directory.list("default")).items.map(({ metadata }) => metadata.name)).toEqual(["wf"]);
});
