import { describe, expect, test } from "vitest";
import { MetricsRegistry } from "../metrics/registry.ts";
import type { WorkflowObject } from "../project/workflow-object.ts";
import { EngineBench, type EngineProcess } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";
import { runCron } from "./loop.ts";
import { decodeCron } from "./store.ts";
import { aCron } from "./testing/a-cron.ts";

/** The bench's clock starts at 22:13:20 UTC. */
const start = 1_700_000_000_000;
const minute = (n: number): number => Math.ceil(start / 60_000) * 60_000 + (n - 1) * 60_000;
const runName = (n: number): string => `wf-${minute(n) / 1_000}`;

class CronWorld implements AsyncDisposable {
  readonly bench = new EngineBench();
  readonly executor: ManualExecutor;
  readonly metrics = new MetricsRegistry();
  readonly engine: EngineProcess;
  readonly #schedulers: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];

  constructor(succeed = true) {
    const now = () => this.bench.clock.now();
    this.executor = new ManualExecutor(succeed ? { now, script: () => ({}) } : { now });
    this.engine = this.bench.start(this.executor);
  }

  schedule() {
    const { stores, clock, log } = this.bench;
    const stop = new AbortController();
    const { directory: runs, registry } = this.engine;
    const ended = runCron(
      {
        ...{ runs, registry, clock, log, metrics: this.metrics },
        ...{ resources: stores.resources, archive: stores.archive },
        state: stores.state("schedules"),
        journal: stores.journal(),
        zone: "UTC",
      },
      stop.signal,
    );
    const scheduler = { stop, ended };
    this.#schedulers.push(scheduler);
    return {
      kill: async () => {
        stop.abort();
        await ended;
      },
    };
  }

  async apply(...args: Parameters<typeof aCron>) {
    await this.bench.stores.resources.apply("CronWorkflow", "default", "wf", aCron(...args));
  }

  async runs(): Promise<readonly WorkflowObject[]> {
    const { items } = await this.engine.directory.list("default");
    return [...items].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  async names(): Promise<readonly string[]> {
    return (await this.runs()).map((run) => run.metadata.name);
  }

  async state() {
    for await (const entry of this.bench.stores.state("schedules").entries(">"))
      return decodeCron(entry).state;
    return undefined;
  }

  async [Symbol.asyncDispose]() {
    for (const { stop, ended } of this.#schedulers) {
      stop.abort();
      await ended;
    }
    await this.bench[Symbol.asyncDispose]();
  }
}

describe("what a scheduler says of itself", () => {
  const line = (name: string, labels: string, value: number) =>
    `argo_workflows_${name}{name="wf",namespace="default"${labels}} ${value}\n`;

  test("counts runs, and those that Forbid kept from starting", async () => {
    await using world = new CronWorld(false);
    await world.apply({ concurrencyPolicy: "Forbid" });
    world.schedule();
    await world.bench.clock.advanceTo(minute(3) + 1_000);

    const text = world.metrics.text();
    expect(text).toContain(line("cronworkflows_triggered_total", "", 1));
    expect(text).toContain(
      line("cronworkflows_concurrencypolicy_triggered", ',concurrency_policy="Forbid"', 2),
    );
  });
});

describe("a scheduler", () => {
  test("starts a run at each instant, with its time, labels and annotations", async () => {
    await using world = new CronWorld();
    await world.apply({ workflowMetadata: { labels: { team: "a" }, annotations: { note: "n" } } });
    world.schedule();
    await world.bench.clock.advanceTo(minute(2) + 1_000);

    const runs = await world.runs();
    expect(runs.map((run) => run.metadata.name)).toEqual([runName(1), runName(2)]);
    expect(runs[0]?.metadata).toMatchObject({
      labels: { team: "a", "workflows.argoproj.io/cron-workflow": "wf" },
      annotations: { note: "n", "workflows.argoproj.io/scheduled-time": "2023-11-14T22:14:00Z" },
    });
    expect(await world.state()).toMatchObject({ succeeded: 2, active: [], lastScheduled: minute(2) });
  });

  test("gives steps the scheduled time", async () => {
    await using world = new CronWorld(false);
    await world.apply({
      workflowSpec: {
        entrypoint: "main",
        templates: [
          {
            name: "main",
            container: { image: "alpine", command: ["echo"], args: ["{{workflow.scheduledTime}}"] },
          },
        ],
      },
    });
    world.schedule();
    await world.bench.clock.advanceTo(minute(1));
    const step = await world.executor.started(() => true);
    expect(JSON.stringify(step)).toContain("2023-11-14T22:14:00Z");
  });

  test("removes finished runs beyond its limits", async () => {
    await using world = new CronWorld();
    await world.apply({ successfulJobsHistoryLimit: 1 });
    world.schedule();
    await world.bench.clock.advanceTo(minute(4) + 20_000);
    expect(await world.names()).toEqual([runName(4)]);
  });

  test("ends the run that another one replaces", async () => {
    await using world = new CronWorld(false);
    await world.apply({ concurrencyPolicy: "Replace" });
    world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 5_000);
    await world.bench.clock.advanceTo(minute(2) + 20_000);
    const phases = (await world.runs()).map((run) => [run.metadata.name, run.status.phase]);
    expect(phases).toEqual([
      [runName(1), "Failed"],
      [runName(2), "Running"],
    ]);
  });

  test("forgets a cron workflow that was deleted, and keeps its runs", async () => {
    await using world = new CronWorld();
    await world.apply();
    world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 1_000);
    await world.bench.stores.resources.delete("CronWorkflow", "default", "wf");
    await world.bench.clock.advanceTo(minute(3));
    expect(await world.names()).toEqual([runName(1)]);
    expect(await world.state()).toBeUndefined();
  });

  test("shows why a run was refused, and counts it as failed", async () => {
    await using world = new CronWorld();
    const taken = { name: runName(1), namespace: "default" };
    await world.engine.directory.submit(
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Workflow",
        metadata: taken,
        spec: aCron().spec.workflowSpec,
      },
      { namespace: "default", by: { kind: "api", user: "ann" } },
    );
    await world.apply();
    world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 1_000);
    expect(await world.state()).toMatchObject({
      failed: 1,
      active: [],
      problem: { type: "SubmissionError" },
    });
  });
});

describe("a crash", () => {
  test("over an instant: the next start runs it when it is not late", async () => {
    await using world = new CronWorld();
    await world.apply();
    const first = world.schedule();
    await world.bench.clock.advanceTo(minute(1) - 5_000);
    await first.kill();
    await world.bench.clock.advanceTo(minute(1) + 5_000);
    expect(await world.names()).toEqual([]);
    world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 6_000);
    expect(await world.names()).toEqual([runName(1)]);
  });

  test("between deciding an instant and submitting its run: the next start submits it, once", async () => {
    await using world = new CronWorld();
    await world.apply();
    const first = world.schedule();
    await world.bench.clock.advanceTo(minute(1) - 1_000);
    await first.kill();
    // What the dead process had stored, and nothing else.
    const bucket = world.bench.stores.state("schedules");
    for await (const entry of bucket.entries(">")) {
      const { state } = decodeCron(entry);
      const { runOf } = await import("./state.ts");
      const run = { ...runOf(state, "wf", minute(1)), askedAt: minute(1) };
      const decided = { ...state, decided: minute(1), lastScheduled: minute(1), active: [run] };
      await bucket.update(entry.key, JSON.stringify(decided), entry.revision);
    }
    world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 10_000);
    world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 40_000);
    expect(await world.names()).toEqual([runName(1)]);
    expect(await world.state()).toMatchObject({ succeeded: 1, active: [] });
  });

  test("of every scheduler while the cron workflow is deleted: its state goes at the next start", async () => {
    await using world = new CronWorld();
    await world.apply();
    const first = world.schedule();
    await world.bench.clock.advanceTo(minute(1) + 1_000);
    await first.kill();
    await world.bench.stores.resources.delete("CronWorkflow", "default", "wf");
    world.schedule();
    await world.bench.clock.advanceTo(minute(2));
    expect(await world.state()).toBeUndefined();
    expect(await world.names()).toEqual([runName(1)]);
  });
});

describe("several schedulers", () => {
  test("start one run an instant", async () => {
    await using world = new CronWorld();
    await world.apply({ schedules: ["@every 10s"], successfulJobsHistoryLimit: 100 });
    for (let i = 0; i < 3; i++) world.schedule();
    await world.bench.clock.advanceTo(start + 100_000);
    const names = await world.names();
    expect(names).toHaveLength(10);
    expect(await world.state()).toMatchObject({ succeeded: 10, missed: 0, active: [] });
  });

  test("no wait is longer than 30 s, so that a clock that jumped is seen", async () => {
    await using world = new CronWorld();
    await world.apply({ schedules: ["0 0 1 1 *"] }, { "sluice.dev/missed-runs": "latest" });
    world.schedule();
    await world.bench.clock.advanceTo(start + 1_000);
    expect(world.bench.clock.nextAt).toBeLessThanOrEqual(start + 31_000);
  });
});
