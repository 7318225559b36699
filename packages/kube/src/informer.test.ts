import { SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { KubeError } from "./errors.ts";
import { type Change, type Informer, makeInformer } from "./informer.ts";
import { resources } from "./object.ts";
import { FakeKube } from "./testing/fake-kube.ts";

const { configMaps } = resources;
const where = { what: "GET configmaps", said: "test" };

describe("an informer", () => {
  let kube: FakeKube;
  let clock: VirtualClock;
  let informer: Informer;
  let stop: AbortController;
  let running: Promise<void>;
  let changes: AsyncIterator<Change>;

  beforeEach(async () => {
    kube = new FakeKube();
    clock = new VirtualClock(1_000);
    stop = new AbortController();
    informer = makeInformer({
      client: kube,
      type: configMaps,
      labelSelector: "mine=yes",
      clock,
      random: new SeededRandom(1),
      log: silentLogger,
    });
    changes = informer.changes(stop.signal)[Symbol.asyncIterator]();
  });

  afterEach(async () => {
    stop.abort();
    await running;
    expect(kube.openWatches).toBe(0);
    expect(clock.sleeping).toBe(0);
  });

  const go = () => {
    running = informer.run(stop.signal);
  };
  const create = (name: string) =>
    kube.create(configMaps, { metadata: { name, namespace: "n", labels: { mine: "yes" } } });
  const next = async (): Promise<string> => {
    const { value } = (await changes.next()) as { value: Change };
    return value.type === "synced" ? "synced" : `${value.type} ${value.object.metadata.name}`;
  };

  test("gives what exists, then each change, and its store shows both", async () => {
    await create("a");
    go();

    expect(await next()).toBe("added a");
    expect(await next()).toBe("synced");
    await informer.synced;
    await create("b");
    expect(await next()).toBe("added b");
    kube.remove(configMaps, { namespace: "n", name: "a" });
    expect(await next()).toBe("deleted a");
    expect([...informer.store.keys()]).toEqual(["n/b"]);
  });

  test("goes on from where it was after its connection broke, without listing again", async () => {
    go();
    expect(await next()).toBe("synced");
    await clock.advanceBy(0);

    kube.dropWatches();
    await create("while-away");
    await clock.advanceBy(1_000);

    expect(await next()).toBe("added while-away");
    expect(kube.calls.filter((call) => call.startsWith("list"))).toHaveLength(1);
  });

  test("lists again when its version is too old, and tells of what vanished meanwhile", async () => {
    await create("gone");
    go();
    expect(await next()).toBe("added gone");
    expect(await next()).toBe("synced");
    await clock.advanceBy(0);

    kube.dropWatches();
    kube.remove(configMaps, { namespace: "n", name: "gone" });
    await create("new");
    kube.compact();
    await clock.advanceBy(5_000);

    expect([await next(), await next(), await next()]).toEqual(["added new", "deleted gone", "synced"]);
  });

  test("waits as long as a throttling server asks, and never gives up", async () => {
    kube.failNext("list", KubeError.UNAVAILABLE(where));
    kube.failNext("list", KubeError.FORBIDDEN(where));
    kube.failNext("list", KubeError.THROTTLED({ ...where, retryAfterMs: 60_000 }));
    go();
    await clock.advanceBy(2_000);
    const before = kube.calls.length;
    await clock.advanceBy(50_000);
    expect(kube.calls.length).toBe(before);

    await clock.advanceBy(11_000);
    expect(await next()).toBe("synced");
  });

  test("ends a watch that was silent for longer than the server lets one live", async () => {
    go();
    expect(await next()).toBe("synced");
    await clock.advanceBy(74_000);
    expect(kube.calls.filter((call) => call.startsWith("watch"))).toHaveLength(1);

    await clock.advanceBy(2_000);
    expect(kube.calls.filter((call) => call.startsWith("watch"))).toHaveLength(2);
  });

  test("tells of an object that was deleted and made anew between two looks as two changes", async () => {
    await create("twin");
    go();
    expect(await next()).toBe("added twin");
    expect(await next()).toBe("synced");
    await clock.advanceBy(0);

    kube.dropWatches();
    kube.remove(configMaps, { namespace: "n", name: "twin" });
    await create("twin");
    kube.compact();
    await clock.advanceBy(5_000);

    expect([await next(), await next()]).toEqual(["deleted twin", "added twin"]);
  });
});
