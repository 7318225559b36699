// Schedulers of several processes on one real nats-server: each instant is run once, whoever is killed.
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { openStores, type Stores } from "@sluice/bus";
import { startTestServer, type TestServer } from "@sluice/bus/testing";
import { type Fact, makeRunDirectory, RunRegistry, runCron } from "@sluice/engine";
import { aWorkflow } from "@sluice/engine/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

let server: TestServer;
let owned: AsyncDisposableStack;
beforeEach(async () => {
  server = await startTestServer({ sync: "always" });
  owned = new AsyncDisposableStack();
});
afterEach(async () => {
  await owned.disposeAsync();
  await server[Symbol.asyncDispose]();
});

const connect = async (): Promise<Stores> =>
  openStores(owned.use(await server.connect()), { clock: systemClock, log: silentLogger });

/** A process with a connection of its own. */
async function startScheduler(): Promise<{ stop(): Promise<void> }> {
  const stores = await connect();
  const stop = new AbortController();
  const registry = new RunRegistry();
  const journal = stores.journal<Fact>();
  const { archive, logs, submitRun, resources } = stores;
  const common = { journal, archive, registry, clock: systemClock };
  const runs = makeRunDirectory({ ...common, logs, submitRun, random: systemRandom });
  const ready = Promise.withResolvers<void>();
  const ended = runCron(
    {
      ...common,
      ...{ resources, runs, log: silentLogger, zone: "UTC" },
      state: stores.state("schedules"),
      onReady: ready.resolve,
    },
    stop.signal,
  );
  await ready.promise;
  const scheduler = {
    stop: async () => {
      stop.abort();
      await ended;
    },
  };
  owned.defer(scheduler.stop);
  return scheduler;
}

test("three schedulers start one run an instant, and two of them do when one is gone", async () => {
  const stores = await connect();
  const cron = {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "CronWorkflow",
    metadata: { name: "race", namespace: "default" },
    spec: { schedules: ["@every 1s"], workflowSpec: aWorkflow().spec },
  };
  const [first] = await Promise.all([startScheduler(), startScheduler(), startScheduler()]);
  await stores.resources.apply("CronWorkflow", "default", "race", cron);

  const submitted: Fact[] = [];
  const stop = new AbortController();
  for await (const seen of stores.journal<Fact>().follow(stop.signal)) {
    if (seen.type === "record") submitted.push(...seen.record.facts);
    if (submitted.length === 2) await first?.stop();
    if (submitted.length === 5) stop.abort();
  }

  const instants = submitted.map((fact) =>
    fact.type === "submitted" && fact.by.kind === "schedule" ? fact.by.at : 0,
  );
  expect(new Set(instants).size).toBe(5);
  expect(instants.every((at, i) => i === 0 || at > (instants[i - 1] ?? 0))).toBe(true);
  expect((await stores.journal<Fact>().keys("default")).length).toBeGreaterThanOrEqual(5);
});
