// Runs by uid, and the labels of finished ones, from the archive's index and without it.
import { setImmediate } from "node:timers/promises";
import { SeededRandom, silentLogger } from "@sluice/base";
import { describe, expect, test } from "vitest";
import type { Fact } from "../../facts.ts";
import { RunRegistry } from "../../loop/registry.ts";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../../testing/engine-bench.ts";
import { ManualExecutor } from "../../testing/manual-executor.ts";
import { ArchiveIndex } from "../archived/archive-index.ts";
import { makeRunDirectory } from "../directory.ts";

const by = { kind: "api", user: "ann" } as const;
const namespace = "default";

async function putAway(bench: EngineBench, engine: EngineProcess): Promise<void> {
  for (let turn = 0; turn < 1_000 && engine.registry.list().length > 0; turn++) {
    await bench.clock.advanceBy(1_000);
    await setImmediate();
  }
}

async function submitted(engine: EngineProcess, name: string, labels: Record<string, string> = {}) {
  const workflow = aWorkflow({ templates: [shTemplate("main")], entrypoint: "main" }, name);
  const manifest = { ...workflow, metadata: { ...workflow.metadata, labels } };
  return (await engine.directory.submit(manifest, { namespace, by })).workflow.metadata.uid;
}

/** Fails the first time that it is asked. */
function failingOnce(bench: EngineBench) {
  let asked = 0;
  return new ManualExecutor({
    now: () => bench.clock.now(),
    script: () => (asked++ === 0 ? { exitCode: 1 } : {}),
  });
}

describe("a run by its uid", () => {
  test("is found while it runs, when it is archived, and under the uid of before a retry", async () => {
    await using bench = new EngineBench();
    const engine = bench.start(failingOnce(bench));
    const before = await submitted(engine, "wf");
    expect((await engine.directory.findByUid(before))?.metadata.name).toBe("wf");
    await bench.ended(engine, { namespace, name: "wf" });
    await putAway(bench, engine);
    expect((await engine.directory.findByUid(before))?.status.phase).toBe("Failed");

    const retried = await engine.directory.retry({ namespace, name: "wf" }, { by: "ann" });
    const after = retried.metadata.uid;
    expect((await engine.directory.findByUid(before))?.metadata.uid).toBe(after);
    await bench.ended(engine, { namespace, name: "wf" });
    await putAway(bench, engine);

    for (const uid of [before, after])
      expect((await engine.directory.findByUid(uid))?.status.phase, uid).toBe("Succeeded");
    await engine.directory.delete({ namespace, name: "wf" }, { by: "ann" });
    for (const uid of [before, after, "nosuch"])
      expect(await engine.directory.findByUid(uid), uid).toBeUndefined();
  });

  test("is found by another process, in its journal and in the archive, also without an index", async () => {
    await using bench = new EngineBench();
    const engine = bench.start(failingOnce(bench));
    const { archive, logs, submitRun } = bench.stores;
    const { clock } = bench;
    const other = makeRunDirectory({
      journal: bench.stores.journal<Fact>(),
      ...{ archive, logs, submitRun, clock },
      registry: new RunRegistry(),
      random: new SeededRandom(2),
    });

    const uid = await submitted(engine, "far");
    expect((await other.findByUid(uid))?.metadata.name).toBe("far");
    await bench.ended(engine, { namespace, name: "far" });
    await putAway(bench, engine);
    expect((await other.findByUid(uid))?.status.phase).toBe("Failed");
    expect(await other.findByUid("nosuch")).toBeUndefined();
  });

  test("that an index has let go is looked for in the archive", async () => {
    await using bench = new EngineBench();
    const engine = bench.start(new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) }));
    const uids: string[] = [];
    for (const name of ["a", "b"]) {
      uids.push(await submitted(engine, name));
      await bench.ended(engine, { namespace, name });
    }
    await putAway(bench, engine);
    const stop = new AbortController();
    const index = new ArchiveIndex(
      bench.stores.archive,
      { clock: bench.clock, log: silentLogger },
      { maxRows: 1, maxPackedChars: 0 },
    );
    index.follow(stop.signal);

    const found = await Promise.all(uids.map((uid) => index.keyOf(uid)));

    expect(found.filter((one) => one === "unknown")).toHaveLength(1);
    expect(found.find((one) => one !== "unknown")).toMatchObject({ namespace });
    stop.abort();
  });
});

test("the labels of finished runs are told with their values, in order", async () => {
  await using bench = new EngineBench();
  const engine = bench.start(new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) }));
  for (const [name, team] of [
    ["a", "red"],
    ["b", "blue"],
    ["c", "red"],
  ] as const) {
    await submitted(engine, name, { team });
    await bench.ended(engine, { namespace, name });
  }
  await putAway(bench, engine);

  expect((await engine.directory.labels(namespace)).get("team")).toEqual(["blue", "red"]);
  expect((await engine.directory.labels(undefined)).get("workflows.argoproj.io/phase")).toEqual([
    "Succeeded",
  ]);
  expect([...(await engine.directory.labels("other")).keys()]).toEqual([]);
});
