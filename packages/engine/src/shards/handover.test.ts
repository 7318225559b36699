import { SeededRandom } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { BusError, type KeyValue, makeMemoryTransport, openStores } from "@sluice/bus";
import { expect, test } from "vitest";
import { ShardKeeper } from "./keeper.ts";

/** The same bucket as an engine sees it that does not hear, at first, what the others do, nor the answer to its hand-over. */
function deaf(bucket: KeyValue) {
  const hears = Promise.withResolvers<void>();
  const lost = Promise.withResolvers<void>();
  const update: KeyValue["update"] = async (key, data, revision) => {
    const stored = await bucket.update(key, data, revision);
    const table = JSON.parse(String(data)) as { readonly owners?: readonly string[] };
    if (table.owners === undefined || new Set(table.owners).size < 2) return stored;
    lost.resolve();
    throw BusError.UNAVAILABLE({ what: "update", reason: "lost on the way" });
  };
  const watch: KeyValue["watch"] = async function* (filter, signal) {
    for await (const change of bucket.watch(filter, signal)) {
      const isTable = change.type === "put" && change.entry.key === "engine.shards";
      if (isTable && String(Buffer.from(change.entry.value)).includes("other")) await hears.promise;
      yield change;
    }
  };
  const own = { update, watch };
  const seen = new Proxy(bucket, {
    get: (target, name) => {
      const member: unknown = Object.hasOwn(own, name)
        ? own[name as keyof typeof own]
        : Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
  return { seen, lost: lost.promise, hear: hears.resolve };
}

// Seed 2465 of two engines: both of them acted for the run, each with a lease that it was sure of.
test("a shard that was given away without an answer is not held before the table has said whose it is", async () => {
  const clock = new VirtualClock(1_700_000_000_000);
  const log = new RecordingLogger();
  await using transport = makeMemoryTransport({ clock });
  const bucket = openStores(transport, { clock, log }).state("leases");
  const stop = new AbortController();
  const gained: number[] = [];
  const start = (self: string, leases: KeyValue) => {
    const events = {
      gained: (shards: readonly number[]) => void (self === "me" && gained.push(...shards)),
      lost: () => {},
      release: () => Promise.resolve(true),
    };
    const settings = { leases, count: 8, site: undefined, isBusy: () => true };
    const keeper = new ShardKeeper(
      { ...settings, self, clock, random: new SeededRandom(1), log, events },
      stop.signal,
    );
    return { keeper, running: keeper.run() };
  };
  const { seen, lost, hear } = deaf(bucket);
  const me = start("me", seen);
  await clock.advanceBy(1_000);
  await me.keeper.ready;
  const uids = Array.from({ length: 64 }, (_, i) => `${i.toString(16).padStart(8, "0")}-run`);
  expect(uids.every((uid) => me.keeper.holds(uid))).toBe(true);
  gained.length = 0;

  const other = start("other", bucket);
  for (let turn = 0; turn < 20; turn++) await clock.advanceBy(250);
  await lost;

  const both = uids.filter((uid) => me.keeper.holds(uid) && other.keeper.holds(uid));
  expect(both).toEqual([]);
  expect(gained).toEqual([]);
  expect(uids.some((uid) => other.keeper.holds(uid))).toBe(true);
  hear();
  stop.abort();
  await Promise.all([me.running, other.running]);
});
