import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { openStores, type Stores, type Transport } from "@sluice/bus";
import { startTestServer, type TestServer } from "@sluice/bus/testing";
import type { SensorSpec } from "@sluice/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

let server: TestServer;
let transport: Transport;
let stores: Stores;
let children: ChildProcess[];

beforeEach(async () => {
  server = await startTestServer();
  transport = await server.connect();
  stores = openStores(transport, { clock: systemClock, log: silentLogger });
  children = [];
});
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill("SIGKILL");
    await once(child, "exit");
  }
  await transport[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** A process of its own that runs sensors and triggers; resolves when it does. */
async function startProcess(failpoint?: string): Promise<ChildProcess> {
  const script = fileURLToPath(new URL("parts/firing-process.ts", import.meta.url));
  const args = ["--conditions=@sluice/source", script, String(server.port), server.user, server.pass];
  const child = spawn(process.execPath, failpoint === undefined ? args : [...args, failpoint], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child;
}

const resource = {
  apiVersion: "argoproj.io/v1alpha1",
  kind: "Workflow",
  metadata: { generateName: "joined-" },
  spec: {
    entrypoint: "main",
    templates: [{ name: "main", container: { image: "alpine", command: ["true"] } }],
  },
};
const spec: SensorSpec = {
  dependencies: ["a", "b"].map((name) => ({ name, eventSourceName: "hooks", eventName: name })),
  triggers: [{ template: { name: "run", argoWorkflow: { operation: "submit", source: { resource } } } }],
};
const apply = () =>
  stores.resources.apply("Sensor", "default", "join", {
    ...{ apiVersion: "argoproj.io/v1alpha1", kind: "Sensor", metadata: { name: "join" }, spec },
  });

async function send(...ids: string[]): Promise<void> {
  for (const id of ids) {
    await stores.events.publish({
      v: 1,
      origin: { namespace: "default", source: "hooks", event: id.slice(0, 1) },
      receivedAt: systemClock.now(),
      event: { specversion: "1.0", id, source: "hooks", type: "webhook", data: { id } },
    });
  }
}

/** Resolves when the trail says that the firing of event `id` was carried out. */
async function carriedOut(id: string): Promise<void> {
  const stop = new AbortController();
  const cause = { namespace: "default", source: "hooks", event: id.slice(0, 1), id };
  const done = async () =>
    (await stores.trail.of(cause)).some(
      (r) => r.type === "trigger" && ["done", "duplicate"].includes(r.outcome),
    );
  const news = stores.trail.follow("default", stop.signal)[Symbol.asyncIterator]();
  for (let next = news.next(); !(await done()); next = news.next()) await next;
  stop.abort();
}

describe("a join whose process is killed", () => {
  test.each(["sensor.matched", "sensor.requested", "trigger.claimed", "trigger.executed"])(
    "at %s starts exactly one workflow",
    async (hop) => {
      await apply();
      const first = await startProcess(hop);
      await send("a1", "b1");
      const [, signal] = (await once(first, "exit")) as [number | null, string | null];
      expect(signal).toBe("SIGKILL");

      await startProcess();
      await carriedOut("b1");
      await send("a2", "b2");
      await carriedOut("b2");

      expect(await stores.journal().keys("default")).toHaveLength(2);
    },
  );

  test("keeps what waits, also when nats-server is killed with it", async () => {
    await apply();
    const first = await startProcess("sensor.matched:9");
    await send("a1");
    await waitsFor("a1");
    first.kill("SIGKILL");
    await once(first, "exit");
    await server.restart();

    await startProcess();
    await send("b1");
    await carriedOut("b1");

    const [key] = await stores.journal().keys("default");
    for await (const { facts } of stores.journal().read(key!))
      expect(facts[0]).toMatchObject({ type: "submitted", causes: [{ id: "a1" }, { id: "b1" }] });
  });
});

/** Resolves when the join has stored that event `id` waits. */
async function waitsFor(id: string): Promise<void> {
  const stop = new AbortController();
  for await (const change of stores.state("sensor-state").watch(">", stop.signal)) {
    if (change.type === "put" && new TextDecoder().decode(change.entry.value).includes(`"id":"${id}"`))
      return;
  }
}
