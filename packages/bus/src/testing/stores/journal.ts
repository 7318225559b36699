import { SeededRandom } from "@sluice/base";
import type { RunSubmitted } from "@sluice/spec";
import { expect, test } from "vitest";
import { never, take } from "../endless.ts";
import type { StoresGround } from "./ground.ts";

const key = { namespace: "ns", name: "run.1" };

const aSubmission = (name: string, uid: string): RunSubmitted =>
  ({
    type: "submitted",
    at: 1,
    uid,
    name,
    namespace: "ns",
    workflow: {},
    by: { kind: "api", user: "me" },
    causes: [],
    traceparent: "",
  }) as unknown as RunSubmitted;

/** RUNS on any Transport: runs that start, and their journals. */
export function journalConformance({ make, open }: StoresGround): void {
  test("a run starts once: its repeat is a duplicate, another one of its name is refused", async () => {
    await using bus = await make();
    const { submitRun } = open(bus);
    expect(await submitRun(aSubmission("run.1", "u1"))).toEqual({ kind: "created", seq: 1 });
    expect(await submitRun(aSubmission("run.1", "u1"))).toEqual({ kind: "duplicate" });
    expect(await submitRun(aSubmission("run.1", "u2"))).toEqual({ kind: "name-taken", uid: "u1" });
  });

  test("a deleted run's cause does not start it again, and its name is free for others", async () => {
    await using bus = await make();
    const { submitRun, archive, journal } = open(bus);
    await submitRun(aSubmission("run.1", "u1"));
    await archive.bury(key, "u1");
    await journal().purge(key);
    expect(await submitRun(aSubmission("run.1", "u1"))).toEqual({ kind: "duplicate" });
    expect((await submitRun(aSubmission("run.1", "u2"))).kind).toBe("created");
  });

  test("a journal is read back in order, listed, fenced and purged", async () => {
    await using bus = await make();
    const journal = open(bus).journal<{ n: number }>();
    const first = await journal.append(key, [{ n: 1 }, { n: 2 }], 0);
    const second = await journal.append(key, [{ n: 3 }], first);
    await expect(journal.append(key, [{ n: 4 }], first)).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });
    expect((await Array.fromAsync(journal.read(key))).map((r) => r.facts)).toEqual([
      [{ n: 1 }, { n: 2 }],
      [{ n: 3 }],
    ]);
    expect((await Array.fromAsync(journal.read(key, first))).map((r) => r.seq)).toEqual([second]);
    expect(await journal.keys("ns")).toEqual([key]);
    const [record, , caughtUp] = await take(journal.follow(never()), 3);
    expect(record).toMatchObject({ type: "record", record: { key, seq: first } });
    expect(caughtUp).toEqual({ type: "caught-up" });
    await journal.purge(key);
    expect(await journal.keys()).toEqual([]);
  });

  test("a journal that is packed reads as all its facts in one record, and goes on behind it", async () => {
    await using bus = await make();
    const journal = open(bus).journal<{ n: number }>();
    const other = { ...key, name: "other" };
    const first = await journal.append(key, [{ n: 1 }, { n: 2 }], 0);
    await journal.append(other, [{ n: 9 }], 0);
    const second = await journal.append(key, [{ n: 3 }], first);
    const facts = [{ n: 1 }, { n: 2 }, { n: 3 }];

    await expect(journal.compact(key, facts, { expectedSeq: first, by: "me" })).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });
    const packed = await journal.compact(key, facts, { expectedSeq: second, by: "me" });
    await journal.append(key, [{ n: 4 }], packed);

    const read = await Array.fromAsync(journal.read(key));
    expect(read.map((r) => r.facts)).toEqual([facts, [{ n: 4 }]]);
    expect(read[0]).toMatchObject({ seq: packed, checkpoint: { upTo: second, by: "me" } });
    expect(await Array.fromAsync(journal.read(other))).toHaveLength(1);
  });

  test("a packed journal larger than a message comes back whole", async () => {
    await using bus = await make();
    const journal = open(bus).journal<{ text: string }>();
    const random = new SeededRandom(1);
    const facts = Array.from({ length: 60 }, () => ({
      text: Array.from({ length: 1_000 }, () => random.id()).join(""),
    }));
    let seq = 0;
    for (const fact of facts) seq = await journal.append(key, [fact], seq);

    await journal.compact(key, facts, { expectedSeq: seq, by: "me" });

    const read = await Array.fromAsync(journal.read(key));
    expect(read).toHaveLength(1);
    expect(read[0]?.facts).toEqual(facts);
  });
}
