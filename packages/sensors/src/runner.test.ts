import { noFailpoints, Scope, SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { type MemoryTransport, makeMemoryTransport, openStores, type Stores } from "@sluice/bus";
import type { SensorSpec, StoredEvent, TrailRecord, TriggerRequest } from "@sluice/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { runSensors } from "./runner.ts";
import { SensorsStatus } from "./status.ts";
import { aDependency, anEvent, aSensorResource, aTrigger } from "./testing/index.ts";

let clock: VirtualClock;
let transport: MemoryTransport;
let stores: Stores;
let scope: Scope;
let status: SensorsStatus;
let requests: TriggerRequest[];

beforeEach(() => {
  clock = new VirtualClock(1_000_000);
  transport = makeMemoryTransport({ clock });
  stores = openStores(transport, { clock, log: silentLogger });
  scope = new Scope();
  requests = [];
  scope.spawn("requests", async (signal) => {
    for await (const { value, settle } of stores.triggers.consume(
      { maxInFlight: 10, ackWaitMs: 1e9 },
      signal,
    )) {
      requests.push(value);
      await settle({ kind: "ack" });
    }
  });
});
afterEach(async () => {
  await scope[Symbol.asyncDispose]();
  await transport[Symbol.asyncDispose]();
});

/** A process that runs sensors; one that reaches `crashAt` stops for good there, as if it were killed. */
function start(crashAt?: string): { crashed: boolean } {
  const process = { crashed: false };
  status = new SensorsStatus();
  const deps = {
    ...{ resources: stores.resources, events: stores.events, triggers: stores.triggers },
    ...{ trail: stores.trail, dead: stores.dead, state: stores.state("sensor-state") },
    ...{ clock, random: new SeededRandom(1), log: silentLogger, status },
    failpoints:
      crashAt === undefined
        ? noFailpoints
        : {
            reach: (name: string) => {
              if (name !== crashAt) return;
              process.crashed = true;
              stop.abort();
              return new Promise<void>(() => {});
            },
          },
  };
  const stop = new AbortController();
  if (crashAt !== undefined) void runSensors(deps, stop.signal);
  else scope.spawn("sensors", (signal) => runSensors(deps, signal));
  return process;
}
const quiet = () => clock.advanceBy(1);
async function apply(spec: SensorSpec, name = "join"): Promise<void> {
  const { manifest } = aSensorResource(spec);
  await stores.resources.apply("Sensor", "default", name, manifest);
  await quiet();
}
async function send(...events: StoredEvent[]): Promise<void> {
  for (const event of events) {
    await stores.events.publish(event);
    await quiet();
  }
}
const on = (id: string) => anEvent({ id, event: id.replace(/\d+$/, "") });
const trailOf = async (id: string): Promise<readonly TrailRecord[]> =>
  await stores.trail.of({ namespace: "default", source: "hooks", event: id.replace(/\d+$/, ""), id });
const stateKeys = async (): Promise<readonly string[]> => {
  const keys: string[] = [];
  for await (const entry of stores.state("sensor-state").entries(">")) keys.push(entry.key);
  return keys;
};
const causes = () => requests.map((r) => r.causes.map((c) => c.id));
const both: SensorSpec = { dependencies: [aDependency("a"), aDependency("b")], triggers: [aTrigger("t")] };

describe("a join", () => {
  test("fires once all are there, and says on each event's trail what became of it", async () => {
    start();
    await apply(both);

    await send(on("a1"), on("a2"), on("b1"));

    expect(causes()).toEqual([["a2", "b1"]]);
    expect(await trailOf("a1")).toMatchObject([
      { type: "verdict", sensor: "join", dependency: "a", passed: true },
      { type: "condition", trigger: "t", expression: "a && b", filled: ["a"], fired: false },
    ]);
    expect(await trailOf("a2")).toMatchObject([
      { type: "verdict" },
      { type: "condition", replaced: [{ id: "a1" }] },
    ]);
    expect(await trailOf("b1")).toMatchObject([
      { type: "verdict" },
      { type: "condition", filled: ["a", "b"], fired: true, request: requests[0]?.id },
    ]);
    expect(status.get("default", "join")).toMatchObject({
      state: "live",
      counts: { events: 3, firings: 1 },
      pending: [],
    });
  });

  test("an event that is stored five times, days apart, fires once", async () => {
    start();
    await apply(both);

    for (let i = 0; i < 5; i++) {
      await send(on("a1"));
      await clock.advanceBy(24 * 3_600_000);
    }
    await send(on("b1"));
    await clock.advanceBy(24 * 3_600_000);
    await send(on("b1"), on("a1"));

    expect(causes()).toEqual([["a1", "b1"]]);
  });

  test.each(["sensor.matched", "sensor.requested"])(
    "fires once when the process is killed at %s",
    async (hop) => {
      const killed = start(hop);
      await apply(both);
      await send(on("a1"), on("b1"));
      expect(killed.crashed).toBe(true);

      start();
      await clock.advanceBy(60_000);

      expect(causes()).toEqual([["a1", "b1"]]);
      await send(on("a2"), on("b2"));
      expect(causes()).toEqual([
        ["a1", "b1"],
        ["a2", "b2"],
      ]);
    },
  );

  test("keeps what waits over an edit, and asks a changed filter about it", async () => {
    start();
    await apply(both);
    await send(on("a1"));

    await apply({
      ...both,
      triggers: [aTrigger("t", { rateLimit: { unit: "Second", requestsPerUnit: 1 } })],
    });
    expect(status.get("default", "join")).toMatchObject({
      generation: 2,
      pending: [{ trigger: "t", filled: ["a"] }],
    });
    const filters = { context: { subject: "never" } };
    await apply({ ...both, dependencies: [aDependency("a", { filters }), aDependency("b")] });

    expect(status.get("default", "join")).toMatchObject({ generation: 3, pending: [] });
  });

  test("keeps what waits while the bus is away, and goes on when it is back", async () => {
    start();
    await apply(both);
    await send(on("a1"));

    transport.setReachable(false);
    await clock.advanceBy(60_000);
    transport.setReachable(true);
    await clock.advanceBy(60_000);
    await send(on("b1"));

    expect(causes()).toEqual([["a1", "b1"]]);
  });
});

test("a join that cannot keep an event says so on its trail, and another join keeps its own", async () => {
  start();
  const dependencies = [aDependency("a"), aDependency("b"), aDependency("c")];
  await apply({
    dependencies,
    triggers: [aTrigger("big", { conditions: "a && b && c" }), aTrigger("t", { conditions: "b && c" })],
  });
  const large = (id: string) =>
    anEvent({ id, event: id.replace(/\d+$/, ""), data: { x: "x".repeat(500_000) } });

  await send(large("a1"), large("b1"), on("c1"));

  expect(requests.map((r) => r.trigger)).toEqual(["t"]);
  expect((await trailOf("b1")).at(-1)).toMatchObject({
    type: "condition",
    trigger: "big",
    fired: false,
    notes: [expect.stringContaining("a join can keep")],
  });
  expect(status.get("default", "join")).toMatchObject({ pending: [{ trigger: "big", filled: ["a", "c"] }] });
});

describe("a sensor without a join", () => {
  test("fires once an event, also one that matches two dependencies", async () => {
    start();
    const dependencies = [aDependency("a"), aDependency("again", { eventName: "a" })];
    await apply({ dependencies, triggers: [aTrigger("t", { conditions: "a || again" })] });

    await send(on("a1"), on("a2"));

    expect(requests.map((r) => r.causes.map((c) => `${c.dependency}=${c.id}`))).toEqual([
      ["a=a1", "again=a1"],
      ["a=a2", "again=a2"],
    ]);
    expect(await stateKeys()).toHaveLength(1);
  });

  test("records why a filter said no, and asks for nothing", async () => {
    start();
    const data = [{ path: "n", type: "number" as const, value: ["5"], comparator: ">" as const }];
    await apply({ dependencies: [aDependency("a", { filters: { data } })], triggers: [aTrigger("t")] });

    await send(anEvent({ id: "a1", event: "a", data: { n: 4 } }));

    expect(requests).toEqual([]);
    expect(await trailOf("a1")).toMatchObject([
      { type: "verdict", passed: false, checks: [{ subject: "n", left: 4, operator: ">", right: "5" }] },
    ]);
  });

  test("keeps a firing whose parameter has no value in DEAD, once", async () => {
    const killed = start("sensor.requested");
    const parameters = [{ src: { dependencyName: "a", dataKey: "none" }, dest: "log.intervalSeconds" }];
    await apply({ dependencies: [aDependency("a")], triggers: [aTrigger("t", { parameters })] });
    await send(anEvent({ id: "a1", event: "a", data: {} }));
    expect(killed.crashed).toBe(true);

    start();
    await clock.advanceBy(60_000);

    expect(requests).toEqual([]);
    expect((await stores.dead.list("default", 10)).map((d) => d.value)).toMatchObject([
      { code: "SENSOR_PARAMETER_UNRESOLVED", request: { trigger: "t", action: {}, causes: [{ id: "a1" }] } },
    ]);
    expect(await trailOf("a1")).toMatchObject([
      {},
      { type: "condition", fired: true, notes: [expect.stringContaining("none")] },
    ]);
  });
});

describe("coming and going", () => {
  test("an event that came after the sensor was applied is seen, however late the process starts", async () => {
    await apply({ dependencies: [aDependency("a")], triggers: [aTrigger("t")] });
    await send(on("a1"));

    start();
    await clock.advanceBy(1_000);

    expect(causes()).toEqual([["a1"]]);
  });

  test("events from before are not seen by a new sensor, nor by a dependency that an edit adds", async () => {
    start();
    await send(on("a1"));
    await apply({ dependencies: [aDependency("a")], triggers: [aTrigger("t")] });
    await send(on("b1"), on("b2"));

    await apply({
      dependencies: [aDependency("a"), aDependency("b")],
      triggers: [aTrigger("t", { conditions: "a || b" })],
    });
    await send(on("b3"), on("a2"));

    expect(causes()).toEqual([["b3"], ["a2"]]);
  });

  test("a deleted sensor leaves no state, also when it is deleted while nobody looks", async () => {
    const first = start("sensor.matched");
    await apply(both);
    await apply(both, "other");
    await send(on("a1"));
    expect(await stateKeys()).toHaveLength(4);
    await stores.resources.delete("Sensor", "default", "join");
    await quiet();
    expect(await stateKeys()).toHaveLength(2);
    await send(on("b1"));
    expect(first.crashed).toBe(true);
    await stores.resources.delete("Sensor", "default", "other");

    start();
    await clock.advanceBy(1_000);

    expect(await stateKeys()).toEqual([]);
    expect(status.list()).toEqual([]);
  });

  test("an invalid sensor says why, and hinders no other", async () => {
    start();
    await apply({ ...both, triggers: [aTrigger("t", { conditions: "a && typo" })] });
    await apply({ dependencies: [aDependency("a")], triggers: [aTrigger("t")] }, "good");

    await send(on("a1"));

    expect(status.get("default", "join")).toMatchObject({
      state: "invalid",
      issues: [
        { path: "spec.triggers[0].template.conditions", message: "no dependency 'typo'; there are: a, b" },
      ],
    });
    expect(causes()).toEqual([["a1"]]);
  });
});
