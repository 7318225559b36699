import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { type MemoryTransport, makeMemoryTransport } from "../../memory/layer.ts";
import type { Stores } from "../../ports/stores.ts";
import type { Transport } from "../../ports/transport.ts";
import { openStores } from "../open.ts";
import { type Collected, collectRound } from "./collect.ts";

const minute = 60_000;
const key = { namespace: "ns", name: "run" };
const large = (text: string) => ({ text: text.repeat(20_000) });

let clock: VirtualClock;
let bus: MemoryTransport;
let stores: Stores;

beforeEach(() => {
  clock = new VirtualClock(1_000_000);
  bus = makeMemoryTransport({ clock, maxPayloadBytes: 10_000 });
  stores = openStores(bus, { clock, log: silentLogger });
});

const objects = async (): Promise<number> =>
  [...(await bus.subjects("HOLDS", "sluice.hold.>")).keys()].filter((s) => !s.endsWith(".doomed")).length;
const round = (transport: Transport = bus): Promise<Collected> =>
  collectRound({ transport, clock, log: silentLogger }, "");
const later = (ms: number) => clock.advanceTo(clock.now() + ms);
/** Long enough for anything that is not referred to to be gone. */
async function rounds(): Promise<number> {
  let removed = 0;
  for (let i = 0; i < 3; i++) {
    removed += (await round()).removed;
    await later(11 * minute);
  }
  return removed;
}

describe("content that did not fit a message", () => {
  test("stays as long as its record does, and goes after the record was purged", async () => {
    const journal = stores.journal<object>();
    const seq = await journal.append(key, [large("x")], 0);
    await journal.append(key, [large("y")], seq);
    expect(await rounds()).toBe(0);
    expect(await Array.fromAsync(journal.read(key))).toHaveLength(2);

    await journal.purge(key);

    expect(await rounds()).toBe(2);
    expect(await objects()).toBe(0);
    expect(await rounds()).toBe(0);
  });

  test("of a manifest goes when another one took its place", async () => {
    await stores.resources.apply("Sensor", "ns", "s", large("x"));
    await stores.resources.apply("Sensor", "ns", "s", large("y"));
    expect(await rounds()).toBe(1);
    expect((await stores.resources.get("Sensor", "ns", "s"))?.manifest).toEqual(large("y"));
  });

  test("of an artifact goes when it was written over or removed, and not while it lies there", async () => {
    const place = { namespace: "ns", key: "wf/big", owner: "u" };
    const put = (letter: string) =>
      stores.artifacts.put(place, async function* () {
        yield Buffer.alloc(40_000, letter);
      });
    await put("a");
    await put("a");
    expect(await rounds()).toBe(0);
    await put("b");
    expect(await rounds()).toBe(1);
    expect((await stores.artifacts.find("ns", "wf/big"))?.bytes).toBe(40_000);

    await stores.artifacts.remove("ns", "wf/big", "u");

    expect(await rounds()).toBe(1);
    expect(await objects()).toBe(0);
  });

  test("that two records share stays until both are gone", async () => {
    const journal = stores.journal<object>();
    await journal.append(key, [large("x")], 0);
    await journal.append({ ...key, name: "other" }, [large("x")], 0);
    await journal.purge(key);
    expect(await rounds()).toBe(0);
    expect(await Array.fromAsync(journal.read({ ...key, name: "other" }))).toHaveLength(1);
    await journal.purge({ ...key, name: "other" });
    expect(await rounds()).toBe(1);
  });

  test("whose publish was never noted, since the writer died, is found by its place", async () => {
    const append = async (name: string, dies: (subject: string, data: string) => boolean) => {
      const dying: Transport = {
        ...bus,
        publish: async (subject, data, options) => {
          if (dies(subject, String(data))) throw new Error("killed");
          return bus.publish(subject, data, options);
        },
      };
      const written = openStores(dying, { clock, log: silentLogger }).journal<object>();
      await written.append({ ...key, name }, [large(name)], 0).catch(() => {});
    };
    await append("noted", (subject, data) => subject.includes(".hold.") && data.includes('"seq"'));
    await append("unsent", (subject) => subject.includes(".run."));

    expect(await rounds()).toBe(1);

    expect(await Array.fromAsync(stores.journal().read({ ...key, name: "noted" }))).toHaveLength(1);
  });

  test("that is doomed is not shared by a new record, which keeps its own", async () => {
    const journal = stores.journal<object>();
    await journal.append(key, [large("x")], 0);
    await journal.purge(key);
    await later(11 * minute);
    expect((await round()).doomed).toBe(1);

    await journal.append(key, [large("x")], 0);

    expect(await rounds()).toBe(1);
    expect(await Array.fromAsync(journal.read(key))).toMatchObject([{ facts: [large("x")] }]);
  });

  test("is removed whole after a collector that died between the content and its holds", async () => {
    const journal = stores.journal<object>();
    await journal.append(key, [large("x")], 0);
    await journal.purge(key);
    await round();
    await later(11 * minute);
    const dying: Transport = {
      ...bus,
      purge: async () => {
        throw new Error("killed");
      },
    };
    await expect(round(dying)).rejects.toThrow("killed");
    await journal.append(key, [large("x")], 0);

    expect(await rounds()).toBe(1);
    expect(await Array.fromAsync(journal.read(key))).toMatchObject([{ facts: [large("x")] }]);
  });
});
