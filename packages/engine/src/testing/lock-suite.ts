import { setImmediate } from "node:timers/promises";
import { SeededRandom } from "@sluice/base";
import { expect, test } from "vitest";
import { limitKey } from "../locks/lock-store.ts";
import type { LockAnswer } from "../locks/pending-ask.ts";
import type { LockWish } from "../run/state/asks.ts";
import { type LockGround, type Process, Processes } from "./lock-processes.ts";

const mutex = (name: string): LockWish => ({
  key: `ns/Mutex/${name}`,
  kind: "mutex",
  namespace: "ns",
  name,
});
const semaphore: LockWish = {
  key: "ns/ConfigMap/cm/k",
  kind: "configmap",
  namespace: "ns",
  name: "cm",
  item: "k",
};
const database: LockWish = { key: "ns/Database/db", kind: "database", namespace: "ns", name: "db" };

const fencesOf = (answer: LockAnswer): Readonly<Record<string, number>> => {
  if (answer.kind !== "locked") throw new Error(`denied: ${answer.reason}`);
  return answer.fences;
};

/** Every bucket that carries locks passes this. */
export function lockSuite(name: string, make: () => Promise<LockGround>): void {
  const open = async () => new Processes(await make());

  test(`${name}: a mutex has one holder; the next one gets it when it is given back, with a higher fence`, async () => {
    await using all = await open();
    const [a, b] = [all.start(), all.start()];
    const first = fencesOf(await a.ask("r1/n", [mutex("m")]));
    const { answer } = await b.queued("r2/n", [mutex("m")]);
    expect(b.manager.waiting("r2/n")).toEqual({
      lock: "ns/Mutex/m",
      message: "Waiting for ns/Mutex/m lock. Lock status: 0/1",
    });

    await a.manager.release("r1/n", [mutex("m")], first);

    const second = fencesOf(await answer);
    expect(second["ns/Mutex/m"]).toBeGreaterThan(first["ns/Mutex/m"] ?? 0);
  });

  test(`${name}: who asks again, in this process or in the next one, has it still, and what the hand before took is taken over`, async () => {
    await using all = await open();
    const a = all.start();
    const first = fencesOf(await a.ask("r1/n", [mutex("m")]));
    const { answer } = await a.queued("r0/n", [mutex("m")], { priority: 9 });
    const again = fencesOf(await a.ask("r1/n", [mutex("m")]));
    expect(again["ns/Mutex/m"]).toBeGreaterThan(first["ns/Mutex/m"] ?? 0);

    const b = all.start();
    const third = fencesOf(await b.ask("r1/n", [mutex("m")]));
    expect(third["ns/Mutex/m"]).toBeGreaterThan(again["ns/Mutex/m"] ?? 0);
    await a.manager.release("r1/n", [mutex("m")], again);
    expect(a.manager.waiting("r0/n")?.message).toContain("Lock status: 0/1");
    await b.manager.release("r1/n", [mutex("m")], third);
    expect((await answer).kind).toBe("locked");
  });

  test(`${name}: the queue goes by priority, then by when the run was submitted`, async () => {
    await using all = await open();
    const [a, b] = [all.start(), all.start()];
    await a.ask("held/n", [mutex("m")]);
    const order: string[] = [];
    const done = [
      ["late/n", 0, 30],
      ["early/n", 0, 10],
      ["high/n", 5, 99],
    ] as const;
    const answers: Promise<void>[] = [];
    for (const [i, [holder, priority, createdAt]] of done.entries()) {
      const process = i % 2 === 0 ? a : b;
      const { answer } = await process.queued(holder, [mutex("m")], { priority, createdAt });
      answers.push(
        answer.then(async () => {
          order.push(holder);
          await process.manager.release(holder, [mutex("m")]);
        }),
      );
    }
    // Both know the whole queue once each has heard the other's last word.
    await a.ask("sync1/n", [mutex("s")]);
    await b.queued("sync2/n", [mutex("s")]).then(async ({ answer }) => {
      await a.manager.release("sync1/n", [mutex("s")]);
      await answer;
    });

    await a.manager.release("held/n", [mutex("m")]);
    await Promise.all(answers);

    expect(order).toEqual(["high/n", "early/n", "late/n"]);
  });

  test(`${name}: several locks are taken together or not at all, and cross orders do not lock up`, async () => {
    await using all = await open();
    const [a, b] = [all.start(), all.start()];
    await a.ask("x/1", [mutex("p")]);
    const both = await b.queued("y/1", [mutex("p"), mutex("q")]);
    // `q` is free: who wants only it and is older goes ahead.
    expect((await a.ask("old/1", [mutex("q")], { createdAt: -1 })).kind).toBe("locked");
    await a.manager.release("old/1", [mutex("q")]);
    await a.manager.release("x/1", [mutex("p")]);
    expect(Object.keys(fencesOf(await both.answer))).toEqual(["ns/Mutex/p", "ns/Mutex/q"]);
    await b.manager.release("y/1", [mutex("p"), mutex("q")]);

    const crossed = [];
    for (let n = 0; n < 10; n++) {
      const [process, locks] = n % 2 ? [a, [mutex("p"), mutex("q")]] : [b, [mutex("q"), mutex("p")]];
      const holder = `c${n}/1`;
      crossed.push(process.ask(holder, locks).then(() => process.manager.release(holder, locks)));
    }
    await Promise.all(crossed);
  });

  test(`${name}: a semaphore's limit is a ConfigMap's, and a change of it counts at once, down as well as up`, async () => {
    await using all = await open();
    await all.limit("1");
    const a = all.start();
    await a.ask("r1/n", [semaphore]);
    const two = await a.queued("r2/n", [semaphore]);
    const three = await a.queued("r3/n", [semaphore]);
    expect(a.manager.waiting("r2/n")?.message).toBe("Waiting for ns/ConfigMap/cm/k lock. Lock status: 0/1");

    await all.limit("3");
    await Promise.all([two.answer, three.answer]);

    await all.limit("1");
    await a.manager.release("r1/n", [semaphore]);
    const four = await a.queued("r4/n", [semaphore]);
    await a.manager.release("r2/n", [semaphore]);
    await a.manager.release("r3/n", [semaphore]);
    expect((await four.answer).kind).toBe("locked");
  });

  test(`${name}: a limit that is not there, or is no number, is told to who asks`, async () => {
    await using all = await open();
    const a = all.start();
    expect(await a.ask("r1/n", [semaphore])).toMatchObject({
      kind: "denied",
      reason: "failed to get semaphore limit: ConfigMap 'ns/cm' does not exist",
    });
    expect(await a.ask("r1/n", [database])).toMatchObject({ kind: "denied" });
    await all.limit("many");
    const b = all.start();
    expect(await b.ask("r1/n", [semaphore])).toMatchObject({
      reason: 'failed to get semaphore limit: ns/ConfigMap/cm/k is "many", not a whole number',
    });
  });

  test(`${name}: a database semaphore takes the limit that lies in the bucket`, async () => {
    await using all = await open();
    const stored = { v: 1, namespace: "ns", key: "db", limit: 1 };
    await all.stores.state("locks").put(limitKey("ns", "db"), JSON.stringify(stored));
    const a = all.start();
    expect((await a.ask("r1/n", [database])).kind).toBe("locked");
    const two = await a.queued("r2/n", [database]);
    await all.stores.state("locks").put(limitKey("ns", "db"), JSON.stringify({ ...stored, limit: 2 }));
    expect((await two.answer).kind).toBe("locked");
  });

  test(`${name}: a release is of one acquisition: a late one does not take the lock from its next holding`, async () => {
    await using all = await open();
    const [a, b] = [all.start(), all.start()];
    const first = fencesOf(await a.ask("r1/n", [mutex("m")]));
    await a.manager.release("r1/n", [mutex("m")], first);
    await b.ask("r1/n", [mutex("m")]);

    await a.manager.release("r1/n", [mutex("m")], first);

    const { answer } = await a.queued("r2/n", [mutex("m")]);
    await b.manager.release("r1/n", [mutex("m")]);
    await answer;
  });

  test(`${name}: what waits can be taken back, and what a dead process waited for goes on where it is asked again`, async () => {
    await using all = await open();
    const [a, b] = [all.start(), all.start()];
    await a.ask("r1/n", [mutex("m")]);
    await a.queued("r2/n", [mutex("m")], { priority: 9 });
    const third = await b.queued("r3/n", [mutex("m")]);
    await a.manager.release("r2/n", [mutex("m")]);
    await a.manager.release("r1/n", [mutex("m")]);
    await third.answer;

    await b.queued("r4/n", [mutex("m")]);
    await b.kill();
    const c = all.start();
    const again = await c.queued("r4/n", [mutex("m")]);
    await c.manager.release("r3/n", [mutex("m")]);
    expect((await again.answer).kind).toBe("locked");
  });

  for (let seed = 1; seed <= 5; seed++)
    test(`${name}: however processes race, no lock has more holders than its limit, and all get it (seed ${seed})`, async () => {
      await using all = await open();
      await all.limit("2");
      const dice = new SeededRandom(seed);
      const processes = [all.start(), all.start(), all.start()];
      const wishes = [mutex("p"), mutex("q"), semaphore];
      const limits: Readonly<Record<string, number>> = { [semaphore.key]: 2 };
      const holding = new Map<string, number>();
      const work: Promise<void>[] = [];
      for (let n = 0; n < 40; n++) {
        const process = processes[Math.floor(dice.next() * 3)] as Process;
        const locks = wishes.filter(() => dice.next() < 0.5);
        const holder = `run${n}/n`;
        const options = { priority: Math.floor(dice.next() * 3), createdAt: n };
        work.push(
          process.ask(holder, locks.length === 0 ? [mutex("p")] : locks, options).then(async (answer) => {
            const fences = fencesOf(answer);
            for (const key of Object.keys(fences)) {
              const now = (holding.get(key) ?? 0) + 1;
              holding.set(key, now);
              expect(now).toBeLessThanOrEqual(limits[key] ?? 1);
            }
            for (let turn = 0; turn < dice.next() * 5; turn++) await setImmediate();
            for (const key of Object.keys(fences)) holding.set(key, (holding.get(key) ?? 0) - 1);
            await process.manager.release(holder, wishes, fences);
          }),
        );
      }
      await Promise.all(work);
      expect(processes.flatMap((p) => p.manager.picture.flatMap(({ waiters }) => waiters))).toEqual([]);
    });
}
