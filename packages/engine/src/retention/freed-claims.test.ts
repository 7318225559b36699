import { setImmediate } from "node:timers/promises";
import { hashUid } from "@sluice/base";
import type { WorkflowSpec } from "@sluice/spec";
import { expect, test } from "vitest";
import { aWorkflow } from "../testing/a-workflow.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";

const key = { namespace: "default", name: "wf" };
const by = { kind: "api", user: "ann" } as const;
const volumeClaimTemplates = [{ metadata: { name: "work" }, spec: { accessModes: ["ReadWriteOnce"] } }];

const times = { submittedAt: 1, startedAt: 1, finishedAt: 2 };
const anEnd = { v: 1, phase: "Failed", ...times, labels: {}, causes: [], object: "" } as const;

/** An engine whose steps end as `exitCode` says, now. */
class World implements AsyncDisposable {
  readonly bench = new EngineBench();
  exitCode: number | undefined = 1;
  readonly executor = new ManualExecutor({
    now: () => this.bench.clock.now(),
    script: () => (this.exitCode === undefined ? undefined : { exitCode: this.exitCode }),
  });
  readonly engine: EngineProcess = this.bench.start(this.executor);

  get freed(): readonly string[] {
    return this.executor.world.freed;
  }

  async turns(enough: () => boolean): Promise<void> {
    for (let turn = 0; turn < 1_000 && !enough(); turn++) {
      await this.bench.clock.advanceBy(1_000);
      await setImmediate();
    }
    expect(enough()).toBe(true);
  }

  /** Runs it to its end and until its journal is gone; its uid. */
  async archived(spec: Partial<WorkflowSpec> = {}): Promise<string> {
    const manifest = aWorkflow({ volumeClaimTemplates, ...spec });
    const { workflow } = await this.engine.directory.submit(manifest, { namespace: "default", by });
    await this.putAway();
    return workflow.metadata.uid;
  }

  async putAway(): Promise<void> {
    await this.bench.ended(this.engine, key);
    await this.bench.putAway(this.engine);
  }

  delete(): Promise<void> {
    return this.engine.directory.delete(key, { by: "ann" });
  }

  /** Retention is at work while this is done. */
  async retention<T>(work: () => Promise<T>, executors = [this.executor]): Promise<T> {
    const stop = new AbortController();
    const running = this.bench.retention(this.engine, executors, stop.signal);
    try {
      return await work();
    } finally {
      stop.abort();
      await running;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]();
  }
}

test("claims that a failed run kept are forgotten when it is deleted from the archive", async () => {
  await using world = new World();
  await world.retention(async () => {
    const uid = await world.archived();
    expect(world.freed).toEqual([]);
    await world.delete();
    await world.turns(() => world.freed.length > 0);
    expect(world.freed).toEqual([uid]);
  });
});

test("so they are when its time is over", async () => {
  await using world = new World();
  await world.retention(async () => {
    const uid = await world.archived({ ttlStrategy: { secondsAfterCompletion: 60 } });
    await world.turns(() => world.freed.length > 0);
    expect(world.freed).toEqual([uid]);
  });
});

test("a deletion that nobody followed is seen at the next start, also when the name has another run by then", async () => {
  await using world = new World();
  const first = await world.archived();
  await world.delete();
  const second = await world.archived();
  expect(second).not.toBe(first);
  expect(world.freed).toEqual([]);

  await world.retention(() => world.turns(() => world.freed.length > 0));
  expect(world.freed).toEqual([first]);
});

test("over all retries they are the first one's, and one that goes well lets them go itself", async () => {
  await using world = new World();
  const uid = await world.archived();
  await world.engine.directory.retry(key, { by: "ann" });
  await world.putAway();
  expect(await world.bench.stores.archive.get(key)).toMatchObject({ claims: uid });
  await world.retention(async () => {
    await world.delete();
    await world.turns(() => world.freed.length > 0);
  });
  expect(world.freed).toEqual([uid]);
});

test("those of a run that went well, or has none, are nobody's to forget later", async () => {
  await using world = new World();
  world.exitCode = 0;
  const uid = await world.archived();
  expect(world.freed).toEqual([uid]);
  expect(await world.bench.stores.archive.get(key)).not.toHaveProperty("claims");
  await world.delete();
  world.exitCode = 1;
  await world.archived({ volumeClaimTemplates: [] });
  await world.delete();
  expect(await world.bench.stores.archive.get(key)).not.toHaveProperty("freed");
});

test("what a retry at work still uses is left to its end", async () => {
  await using world = new World();
  const uid = await world.archived();
  world.exitCode = undefined;
  await world.engine.directory.retry(key, { by: "ann" });
  const step = await world.executor.started((request) => request.run.firstUid === uid);
  // As who asked for the deletion a moment before the retry, and comes to the row only now.
  await world.bench.stores.archive.bury(key, uid);
  const other = { namespace: "default", name: "other" };
  await world.bench.stores.archive.put({ ...anEnd, key: other, uid: "o", claims: "o" });
  await world.bench.stores.archive.bury(other, "o");

  // Entries come in the order in which they were written: the run's is decided before.
  await world.retention(() => world.turns(() => world.freed.length > 0));
  expect(world.freed).toEqual(["o"]);

  world.executor.end(step.id, { exitCode: 1 });
  await world.putAway();
  expect(await world.bench.stores.archive.get(key)).toMatchObject({
    uid: hashUid("retry", uid),
    claims: uid,
  });
  expect(await world.bench.stores.archive.get(key)).not.toHaveProperty("freed");
});

test("an executor whose cluster is away holds up no other, and not the end of the process", async () => {
  await using world = new World();
  const uid = await world.archived();
  await world.delete();
  const away = new ManualExecutor({ now: () => world.bench.clock.now() });
  let asked = 0;
  away.forgetRun = () => {
    asked += 1;
    return new Promise(() => {});
  };
  await world.retention(() => world.turns(() => world.freed.length > 0), [away, world.executor]);
  expect([asked, world.freed]).toEqual([1, [uid]]);
});
