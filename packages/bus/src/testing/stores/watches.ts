// Watches of items whose content lies apart, in the object store: what happens when it cannot be fetched.
import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { expect, test } from "vitest";
import { BusError } from "../../errors.ts";
import type { ArchiveRow } from "../../ports/archive.ts";
import type { Stores } from "../../ports/stores.ts";
import type { ObjectStore, Transport } from "../../ports/transport.ts";
import { openStores } from "../../stores/open.ts";
import type { StoresGround } from "./ground.ts";

const key = { namespace: "ns", name: "run.1" };
const never = () => new AbortController().signal;

/** The same bus; before it is asked for content, `before` is called, which may throw in its place. */
const hindered = (
  bus: Transport,
  before: (content: ObjectStore, hash: string) => Promise<void>,
): Transport => ({
  ...bus,
  objects: () => {
    const content = bus.objects();
    const get = async (hash: string) => {
      await before(content, hash);
      return content.get(hash);
    };
    return { ...content, get };
  },
});

/** Of so many requests for content none arrives. Time goes on, so that whoever waits to ask again does so at once. */
function away(bus: Transport, requests: number): { readonly stores: Stores; readonly refused: () => number } {
  const clock = new VirtualClock(1_000);
  let refused = 0;
  const before = async () => {
    if (refused >= requests) return;
    refused += 1;
    void clock.advanceBy(60_000);
    throw BusError.UNAVAILABLE({ what: "an object", reason: "lost on the way" });
  };
  return {
    stores: openStores(hindered(bus, before), { clock, log: silentLogger }),
    refused: () => refused,
  };
}

/** More than a message takes, so that it lies apart. */
const largeOn = async (bus: Transport): Promise<string> => "x".repeat((await bus.describe()).maxPayloadBytes);

const aRow = (name: string, object = ""): ArchiveRow => ({
  ...{ v: 1, key: { namespace: "ns", name }, uid: name, phase: "Succeeded" },
  ...{ submittedAt: 1, startedAt: 1, finishedAt: 2, labels: {}, causes: [], object },
});

async function untilCaughtUp<T extends { readonly type: string }>(changes: AsyncIterable<T>): Promise<T[]> {
  const seen: T[] = [];
  for await (const change of changes) {
    seen.push(change);
    if (change.type === "caught-up") break;
  }
  return seen;
}

/** The typed watches on any Transport. */
export function watchesConformance({ make }: Pick<StoresGround, "make">): void {
  test("a journal's follower waits for content that cannot be had yet, and loses neither record nor order", async () => {
    await using bus = await make();
    const { stores, refused } = away(bus, 7);
    const journal = stores.journal<string>();
    const large = await largeOn(bus);
    let seq = 0;
    for (const fact of ["a", large, "c"]) seq = await journal.append(key, [fact], seq);

    const seen = await untilCaughtUp(journal.follow(never()));

    expect(seen.map((item) => (item.type === "record" ? item.record.facts[0]?.length : item.type))).toEqual([
      ...[1, large.length, 1],
      "caught-up",
    ]);
    expect(refused()).toBe(7);
  });

  test("a watch of manifests waits for content that cannot be had yet", async () => {
    await using bus = await make();
    const { stores, refused } = away(bus, 3);
    const manifests = ["a", await largeOn(bus), "c"];
    for (const [at, manifest] of manifests.entries())
      await stores.resources.apply("Sensor", "ns", `s${at}`, manifest);

    const seen = await untilCaughtUp(stores.resources.watch(["Sensor"], never()));

    expect(seen.map((one) => (one.type === "applied" ? one.resource.manifest : one.type))).toEqual([
      ...manifests,
      "caught-up",
    ]);
    expect(refused()).toBe(3);
  });

  test("a watch of the archive waits for content that cannot be had yet", async () => {
    await using bus = await make();
    const { stores } = away(bus, 3);
    for (const row of [aRow("a"), aRow("b", await largeOn(bus)), aRow("c")]) await stores.archive.put(row);

    const seen = await untilCaughtUp(stores.archive.watch(never()));

    expect(seen.map((one) => (one.type === "row" ? one.row.uid : one.type))).toEqual([
      ...["a", "b", "c"],
      "caught-up",
    ]);
  });

  test("a follower that leaves while its content cannot be had ends without an error", async () => {
    await using bus = await make();
    const stop = new AbortController();
    const asked = Promise.withResolvers<void>();
    const stores = openStores(
      hindered(bus, () => {
        asked.resolve();
        return new Promise(() => {});
      }),
      { clock: new VirtualClock(1_000), log: silentLogger },
    );
    const journal = stores.journal<string>();
    await journal.append(key, [await largeOn(bus)], 0);
    const following = Array.fromAsync(journal.follow(stop.signal));
    await asked.promise;

    stop.abort();

    expect(await following).toEqual([]);
  });

  test("a run that is removed while its record is read is passed over, and is not in quarantine", async () => {
    await using bus = await make();
    const remover = openStores(bus, { clock: new VirtualClock(1_000), log: silentLogger }).journal<string>();
    const stores = openStores(
      hindered(bus, async (content, hash) => {
        await remover.purge(key);
        await content.delete(hash);
      }),
      { clock: new VirtualClock(1_000), log: silentLogger },
    );
    const journal = stores.journal<string>();
    await journal.append(key, [await largeOn(bus)], 0);
    await journal.append({ ...key, name: "other" }, ["b"], 0);

    const seen = await untilCaughtUp(journal.follow(never()));

    expect(seen).toMatchObject([{ record: { facts: ["b"] } }, { type: "caught-up" }]);
    expect(await stores.quarantine.list("ns", 10)).toEqual([]);
  });

  test("a manifest that is written over while it is read is seen as it is then", async () => {
    await using bus = await make();
    const writer = openStores(bus, { clock: new VirtualClock(1_000), log: silentLogger }).resources;
    await writer.apply("Sensor", "ns", "s", await largeOn(bus));
    const stores = openStores(
      hindered(bus, async (content, hash) => {
        await writer.delete("Sensor", "ns", "s");
        await content.delete(hash);
        await writer.apply("Sensor", "ns", "s", "small");
      }),
      { clock: new VirtualClock(1_000), log: silentLogger },
    );

    for await (const change of stores.resources.watch(["Sensor"], never())) {
      if (change.type !== "applied") continue;
      expect(change.resource.manifest).toBe("small");
      break;
    }
  });

  test("a record whose content is lost costs itself, and is in quarantine", async () => {
    await using bus = await make();
    const stores = openStores(
      hindered(bus, (content, hash) => content.delete(hash)),
      { clock: new VirtualClock(1_000), log: silentLogger },
    );
    const journal = stores.journal<string>();
    await journal.append(key, [await largeOn(bus)], 0);
    await journal.append({ ...key, name: "other" }, ["b"], 0);

    const seen = await untilCaughtUp(journal.follow(never()));

    expect(seen).toMatchObject([{ record: { facts: ["b"] } }, { type: "caught-up" }]);
    expect((await stores.quarantine.list("ns", 10)).map(({ value }) => value.stream)).toEqual(["RUNS"]);
  });

  test("an entry that does not say whose it is costs itself", async () => {
    await using bus = await make();
    const stores = openStores(bus, { clock: new VirtualClock(1_000), log: silentLogger });
    await bus.keyValue("archive").put("ns.odd", '{"v":1}');
    await stores.archive.put(aRow("a"));
    await bus.keyValue("resources").put("Sensor.ns.odd", '{"v":1}');
    await stores.resources.apply("Sensor", "ns", "s", "b");

    const rows = await untilCaughtUp(stores.archive.watch(never()));
    const manifests = await untilCaughtUp(stores.resources.watch(["Sensor"], never()));

    expect(rows.map(({ type }) => type)).toEqual(["passed", "row", "caught-up"]);
    expect(manifests).toMatchObject([{ resource: { name: "s" } }, { type: "caught-up" }]);
  });
}
