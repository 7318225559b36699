// Backfills of the server: each instant once, so many at a time, over crashes and by several processes.
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { EngineBench } from "../../testing/engine-bench.ts";
import { ManualExecutor } from "../../testing/manual-executor.ts";
import { makeCronDirectory } from "../directory/directory.ts";
import { aCron } from "../testing/a-cron.ts";
import { makeBackfillDirectory } from "./directory.ts";
import { runBackfills } from "./loop.ts";

const namespace = "default";
const key = { namespace, cron: "wf", name: "past" };
/** The bench's clock starts at 14 November 2023, 22:13:20 UTC. */
const day = (n: number): number => Date.UTC(2023, 10, n, 2);

class World implements AsyncDisposable {
  readonly bench = new EngineBench();
  readonly executor: ManualExecutor;
  readonly #loops: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];
  readonly #engine;

  constructor(script: "succeed" | "wait" = "succeed") {
    const now = () => this.bench.clock.now();
    this.executor = new ManualExecutor(script === "succeed" ? { now, script: () => ({}) } : { now });
    this.#engine = this.bench.start(this.executor);
  }

  get crons() {
    const { stores, clock } = this.bench;
    const state = stores.state("schedules");
    return makeCronDirectory({
      ...{ state, clock, zone: "UTC" },
      resources: stores.resources,
      runs: this.runs,
    });
  }

  get runs() {
    return this.#engine.directory;
  }

  get backfills() {
    const { clock, stores } = this.bench;
    return makeBackfillDirectory({ state: stores.state("schedules"), crons: this.crons, clock });
  }

  start() {
    const { clock, log, stores } = this.bench;
    const stop = new AbortController();
    const { registry } = this.#engine;
    const deps = {
      state: stores.state("schedules"),
      crons: this.crons,
      runs: this.runs,
      registry,
      clock,
      log,
    };
    const loop = { stop, ended: runBackfills(deps, stop.signal) };
    this.#loops.push(loop);
    return loop;
  }

  async apply() {
    await this.bench.stores.resources.apply(
      "CronWorkflow",
      namespace,
      "wf",
      aCron({ schedules: ["0 2 * * *"] }),
    );
  }

  async turns(count = 40) {
    for (let turn = 0; turn < count; turn++) {
      await this.bench.clock.advanceBy(500);
      for (let i = 0; i < 20; i++) await setImmediate();
    }
  }

  async times(): Promise<readonly string[]> {
    const { items } = await this.runs.list(namespace);
    return items
      .map(
        ({ metadata }) =>
          (metadata["annotations"] as Record<string, string>)["workflows.argoproj.io/scheduled-time"] ?? "",
      )
      .sort();
  }

  async [Symbol.asyncDispose]() {
    for (const { stop, ended } of this.#loops) {
      stop.abort();
      await ended;
    }
    await this.bench[Symbol.asyncDispose]();
  }
}

const span = { start: day(9), end: day(13), limit: 100 };
const days = [9, 10, 11, 12, 13].map((n) => `2023-11-${String(n).padStart(2, "0")}T02:00:00Z`);

describe("a backfill", () => {
  test("runs every scheduled time of its span, with its argument, and says how it went", async () => {
    await using world = new World();
    await world.apply();
    world.start();
    await world.backfills.begin(key, {
      ...span,
      parallel: 2,
      argument: { name: "day", format: "2006-01-02" },
    });
    await world.turns();

    expect(await world.times()).toEqual(days);
    expect(await world.backfills.get(key)).toMatchObject({
      ...{ phase: "Succeeded", created: 5, existed: 0, succeeded: 5, failed: 0, active: [] },
    });
    const [newest] = (await world.runs.list(namespace)).items;
    expect(newest?.spec).toMatchObject({
      arguments: { parameters: [{ name: "day", value: expect.stringMatching(/^2023-11-\d\d$/) }] },
    });
  });

  test("has no more runs under way than it was told, and starts nothing more when it is stopped", async () => {
    await using world = new World("wait");
    await world.apply();
    world.start();
    await world.backfills.begin(key, { ...span, parallel: 2 });
    await world.turns(10);
    expect(await world.times()).toEqual(days.slice(0, 2));

    await world.backfills.stop(key);
    for (const id of [...world.executor.world.running.keys()]) world.executor.end(id);
    await world.turns(20);

    expect(await world.times()).toEqual(days.slice(0, 2));
    expect((await world.backfills.get(key)).phase).toBe("Stopped");
  });

  test("is carried out once by several processes, one of which goes away in the middle", async () => {
    await using world = new World("wait");
    await world.apply();
    const first = world.start();
    world.start();
    await world.backfills.begin(key, { ...span, parallel: 3 });
    await world.turns(6);
    first.stop.abort();
    for (let turn = 0; turn < 10; turn++) {
      for (const id of [...world.executor.world.running.keys()]) world.executor.end(id);
      await world.turns(4);
    }

    expect(await world.times()).toEqual(days);
    expect(world.executor.world.starts).toHaveLength(5);
    expect(await world.backfills.get(key)).toMatchObject({ phase: "Succeeded", created: 5, succeeded: 5 });
  });

  test("passes over what ran before, unless it is to run again", async () => {
    await using world = new World();
    await world.apply();
    world.start();
    await world.backfills.begin(key, { ...span, end: day(10), parallel: 5 });
    await world.turns();
    await world.backfills.begin({ ...key, name: "more" }, { ...span, parallel: 5 });
    await world.turns();
    await world.backfills.begin(
      { ...key, name: "again" },
      { ...span, end: day(9), parallel: 5, again: true },
    );
    await world.turns();

    expect(await world.backfills.get({ ...key, name: "more" })).toMatchObject({ created: 3, existed: 2 });
    expect(await world.backfills.get({ ...key, name: "again" })).toMatchObject({ created: 1, succeeded: 1 });
    expect(await world.times()).toHaveLength(6);
    expect((await world.backfills.list(namespace, "wf")).map(({ name }) => name)).toEqual([
      "again",
      "more",
      "past",
    ]);
  });

  test("that cannot be is refused; one whose cron workflow goes ends", async () => {
    await using world = new World("wait");
    const code = (wanted: Promise<unknown>) =>
      wanted.then(
        () => "none",
        (error: { code?: string }) => error.code,
      );
    expect(await code(world.backfills.begin(key, { ...span, parallel: 1 }))).toBe("ENGINE_CRON_NOT_FOUND");
    await world.apply();
    expect(await code(world.backfills.begin(key, { ...span, limit: 4, parallel: 1 }))).toBe(
      "ENGINE_BACKFILL_TOO_LARGE",
    );
    world.start();
    await world.backfills.begin(key, { ...span, parallel: 1 });
    expect(await code(world.backfills.begin(key, { ...span, parallel: 1 }))).toBe("none");
    expect(await code(world.backfills.begin(key, { ...span, parallel: 2 }))).toBe("ENGINE_BACKFILL_EXISTS");
    expect(await code(world.backfills.get({ ...key, name: "nosuch" }))).toBe("ENGINE_BACKFILL_NOT_FOUND");

    await world.turns(4);
    await world.crons.delete(namespace, "wf");
    for (const id of [...world.executor.world.running.keys()]) world.executor.end(id);
    await world.turns();
    expect(await world.backfills.get(key)).toMatchObject({
      phase: "Failed",
      message: expect.stringContaining("wf"),
    });
  });
});
