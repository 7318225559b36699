import { SeededRandom } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores } from "@sluice/bus";
import { expect, test } from "vitest";
import { factVersion } from "../facts.ts";
import { LimitBook } from "../locks/limit-book.ts";
import { LockManager } from "../locks/lock-manager.ts";
import { createRun } from "../run/create.ts";
import { decide, reduce } from "../run/reduce.ts";
import { unshared } from "../shards/port.ts";
import { aWorkflow, submission } from "../testing/a-workflow.ts";
import { AskDesk } from "./ask-desk.ts";
import type { LoopDeps } from "./deps.ts";

// Seed 941 of two engines: an engine lost a shard and had it back before the append of its first hand on the run returned.
test("who leaves late takes no ask of the next hand on its run away", async () => {
  const [clock, log, random] = [new VirtualClock(0), new RecordingLogger(), new SeededRandom(1)];
  await using transport = makeMemoryTransport({ clock });
  const stop = new AbortController();
  const locks = new LockManager({
    ...{ locks: openStores(transport, { clock, log }).state("locks"), clock, log, random },
    limits: new LimitBook({ clock, log }),
  });
  const following = locks.follow(stop.signal);
  const asked = aWorkflow({ synchronization: { mutexes: [{ name: "m" }] } });
  const hand = () => {
    const run = createRun(submission(asked));
    reduce(run, { type: "engine", v: factVersion, at: 0, engine: "e" });
    const told = Promise.withResolvers<object>();
    const waits = Promise.withResolvers<void>();
    const deps = { clock, log, random, locks, shards: unshared } as unknown as LoopDeps;
    const desk = new AskDesk(deps, run, { answer: told.resolve, changed: waits.resolve });
    desk.perform(decide(run));
    return { desk, answer: told.promise, waits: waits.promise };
  };
  const mutex = { key: "default/Mutex/m", kind: "mutex", namespace: "default", name: "m" } as const;
  const waiter = { holder: "o/x", run: { namespace: "default", name: "o" }, uid: "o", ask: "x" };
  await new Promise((answer) => {
    const changed = () => undefined;
    const permit = () => Promise.resolve(true);
    locks.ask({
      permit,
      waiter: { ...waiter, priority: 0, createdAt: 0, order: 0 },
      locks: [mutex],
      answer,
      changed,
    });
  });

  const first = hand();
  await first.waits;
  first.desk.leave();
  const second = hand();
  await second.waits;
  first.desk.leave();
  await locks.release("o/x", [mutex]);

  expect(await second.answer).toMatchObject({ type: "locked", ask: "/run" });
  stop.abort();
  await following;
});
