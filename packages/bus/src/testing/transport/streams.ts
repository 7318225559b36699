import { expect, test } from "vitest";
import type { Transport } from "../../ports/transport.ts";
import { makeSubjects } from "../../subjects.ts";
import { never, take } from "../endless.ts";
import { text } from "./text.ts";

/** What is appended, what is read back, and what is refused. */
export function appendsConformance(make: () => Promise<Transport>): void {
  test("the same message id is stored once and answered with the first sequence", async () => {
    await using bus = await make();
    const subject = makeSubjects(bus.prefix).event("ns", "s", "e");

    const first = await bus.publish(subject, "a", { msgId: "1" });
    const second = await bus.publish(subject, "b", { msgId: "1" });

    expect(first.duplicate).toBe(false);
    expect(second).toEqual({ seq: first.seq, duplicate: true });
    expect((await bus.info("EVENTS")).messages).toBe(1);
  });

  test("an append that expects a stale sequence is refused and stores nothing", async () => {
    await using bus = await make();
    const subject = makeSubjects(bus.prefix).run("ns", "r");
    const first = await bus.publish(subject, "1", { expectLastSubjectSeq: 0 });
    await bus.publish(subject, "2", { expectLastSubjectSeq: first.seq });

    const stale = bus.publish(subject, "3", { expectLastSubjectSeq: first.seq });

    await expect(stale).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE", retry: "later" });
    await expect(bus.publish(subject, "3", { expectLastSubjectSeq: 0 })).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });
    expect((await bus.info("RUNS")).messages).toBe(2);
  });

  test("a subject is empty again after a purge, and sequences go on", async () => {
    await using bus = await make();
    const { run } = makeSubjects(bus.prefix);
    await bus.publish(run("ns", "a"), "1");
    await bus.publish(run("ns", "b"), "2");
    await bus.purge("RUNS", run("ns", "a"));

    const again = await bus.publish(run("ns", "a"), "3", { expectLastSubjectSeq: 0 });

    expect(again.seq).toBe(3);
    expect(await bus.subjects("RUNS", run("ns"))).toEqual(
      new Map([
        [run("ns", "b"), 1],
        [run("ns", "a"), 1],
      ]),
    );
  });

  test("reads by sequence, by subject and in order, with headers", async () => {
    await using bus = await make();
    const { run } = makeSubjects(bus.prefix);
    for (const [i, key] of ["a", "b", "a", "a"].entries())
      await bus.publish(run("ns", key), String(i), { headers: { "X-Key": key } });

    const read = await Array.fromAsync(bus.read("RUNS", run("ns", "a"), 2));

    expect(read.map((m) => [m.seq, text(m.data)])).toEqual([
      [3, "2"],
      [4, "3"],
    ]);
    expect((await bus.get("RUNS", 2))?.headers["X-Key"]).toBe("b");
    expect((await bus.last("RUNS", run("ns", "a")))?.seq).toBe(4);
    expect(await bus.last("RUNS", run("ns", "none"))).toBeUndefined();
    await bus.deleteMessage("RUNS", 2);
    expect(await bus.get("RUNS", 2)).toBeUndefined();
    expect(await Array.fromAsync(bus.read("RUNS", run("ns", "none")))).toEqual([]);
  });

  test("a message over the server's limit is refused with its size", async () => {
    await using bus = await make();
    const { maxPayloadBytes } = await bus.describe();
    const huge = bus.publish(
      makeSubjects(bus.prefix).event("n", "s", "e"),
      new Uint8Array(maxPayloadBytes + 1),
    );
    await expect(huge).rejects.toMatchObject({ code: "BUS_MESSAGE_TOO_LARGE", retry: "never" });
  });
}

/** Whoever follows a stream. */
export function followersConformance(make: () => Promise<Transport>): void {
  test("sees what is stored, then `caught-up` once, then what comes, and ends when told", async () => {
    await using bus = await make();
    const { run } = makeSubjects(bus.prefix);
    await bus.publish(run("ns", "a"), "1");
    await bus.publish(run("ns", "b"), "2");
    const stop = new AbortController();
    const seen: string[] = [];

    for await (const item of bus.follow("RUNS", { start: "all", filterSubjects: [run()] }, stop.signal)) {
      seen.push(item.type === "message" ? text(item.message.data) : item.type);
      if (item.type === "caught-up") await bus.publish(run("ns", "a"), "3");
      if (seen.length === 4) stop.abort();
    }

    expect(seen).toEqual(["1", "2", "caught-up", "3"]);
  });

  test("an empty stream is caught up at once, and `new` sees only what comes later", async () => {
    await using bus = await make();
    const { run } = makeSubjects(bus.prefix);
    const [first] = await take(bus.follow("RUNS", { start: "all" }, never()), 1);
    await bus.publish(run("ns", "a"), "old");
    const seen: string[] = [];
    for await (const item of bus.follow("RUNS", { start: "new" }, never())) {
      seen.push(item.type === "message" ? text(item.message.data) : item.type);
      if (item.type === "caught-up") await bus.publish(run("ns", "a"), "new");
      else break;
    }
    expect(first).toEqual({ type: "caught-up" });
    expect(seen).toEqual(["caught-up", "new"]);
  });
}
