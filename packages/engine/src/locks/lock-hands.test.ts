// One run in two hands: of an engine that stood still, and of the one that has the run since.
import { SeededRandom } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { BusError, type KeyValue, makeMemoryTransport, openStores } from "@sluice/bus";
import { expect, test } from "vitest";
import type { LockWish } from "../run/state/asks.ts";
import { LimitBook } from "./limit-book.ts";
import { LockManager } from "./lock-manager.ts";
import type { LockAnswer } from "./pending-ask.ts";

const mutex: LockWish = { key: "ns/Mutex/m", kind: "mutex", namespace: "ns", name: "m" };

/** The same bucket; the answer to the first creation is lost on its way. */
function unheard(bucket: KeyValue, lost: () => void): KeyValue {
  let isFirst = true;
  const create: KeyValue["create"] = async (key, data) => {
    const revision = await bucket.create(key, data);
    if (!isFirst) return revision;
    isFirst = false;
    lost();
    throw BusError.UNAVAILABLE({ what: "create", reason: "lost on the way" });
  };
  return new Proxy(bucket, {
    get: (target, name) => {
      const member: unknown = name === "create" ? create : Reflect.get(target, name, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

// Seed 1878 of three engines: the first hand gave back what the second had been told that it holds.
test("what was taken without an answer is not given back once the next hand on the run has taken it over", async () => {
  const [clock, log] = [new VirtualClock(1_700_000_000_000), new RecordingLogger()];
  await using transport = makeMemoryTransport({ clock });
  const bucket = openStores(transport, { clock, log }).state("locks");
  const stop = new AbortController();
  const following: Promise<void>[] = [];
  const managerOn = (locks: KeyValue) => {
    const limits = new LimitBook({ clock, log });
    const manager = new LockManager({ locks, limits, clock, log, random: new SeededRandom(1) });
    following.push(manager.follow(stop.signal));
    return manager;
  };
  const ask = (manager: LockManager, uid: string, permit: () => boolean, changed = () => {}) =>
    new Promise<LockAnswer>((answer) => {
      const run = { namespace: "ns", name: uid };
      const waiter = { holder: `${uid}/n`, run, uid, ask: "n", priority: 0, createdAt: 0, order: 0 };
      manager.ask({ waiter, locks: [mutex], permit: async () => permit(), answer, changed });
    });

  const lost = Promise.withResolvers<void>();
  const first = managerOn(unheard(bucket, lost.resolve));
  let isFirsts = true;
  void ask(first, "r1", () => isFirsts);
  await lost.promise;
  isFirsts = false;
  const second = managerOn(bucket);
  const taken = await ask(second, "r1", () => true);
  await clock.advanceBy(60_000);

  const waits = Promise.withResolvers<void>();
  const next = ask(second, "r2", () => true, waits.resolve);
  await waits.promise;
  expect(second.waiting("r2/n")?.message).toBe("Waiting for ns/Mutex/m lock. Lock status: 0/1");
  await second.release("r1/n", [mutex], taken.kind === "locked" ? taken.fences : undefined);
  expect((await next).kind).toBe("locked");
  stop.abort();
  await Promise.all(following);
});
