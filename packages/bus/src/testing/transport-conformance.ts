import { describe, expect, test } from "vitest";
import type { ConsumeOptions, Delivery, Transport } from "../ports/transport.ts";
import { makeSubjects } from "../subjects.ts";

const text = (data: Uint8Array): string => Buffer.from(data).toString("utf8");

/** Takes `count` values of an endless iteration, then ends it. */
export async function take<T>(source: AsyncIterable<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of source) {
    taken.push(value);
    if (taken.length >= count) break;
  }
  return taken;
}

/** Every Transport passes this; `make` gives a fresh, empty one. */
export function transportConformance(name: string, make: () => Promise<Transport>): void {
  describe(`${name} as a transport: appends`, () => appends(make));
  describe(`${name} as a transport: consumers`, () => consumers(make));
  describe(`${name} as a transport: followers`, () => followers(make));
  describe(`${name} as a transport: keys and objects`, () => keysAndObjects(make));
}

function appends(make: () => Promise<Transport>): void {
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

function consumers(make: () => Promise<Transport>): void {
  const options = (bus: Transport, more: Partial<ConsumeOptions> = {}): ConsumeOptions => ({
    durable: "d.1",
    filterSubjects: [makeSubjects(bus.prefix).event("ns", "s", "e")],
    ackWaitMs: 30_000,
    maxInFlight: 1,
    ...more,
  });

  test("a delivery told to retry comes back with the next attempt number, before any other", async () => {
    await using bus = await make();
    const { filterSubjects } = options(bus);
    await bus.publish(filterSubjects[0]!, "first");
    await bus.publish(filterSubjects[0]!, "second");
    const seen: string[] = [];

    for await (const delivery of bus.consume("EVENTS", options(bus), new AbortController().signal)) {
      seen.push(`${text(delivery.data)} ${delivery.attempt}`);
      const again = delivery.attempt < 3 && seen.length < 3;
      await delivery.settle(again ? { kind: "retry", delayMs: 1 } : { kind: "ack" });
      if (seen.length === 4) break;
    }

    expect(seen).toEqual(["first 1", "first 2", "first 3", "second 1"]);
  });

  test("a new iteration of the same durable goes on where the last one stopped", async () => {
    await using bus = await make();
    const { filterSubjects } = options(bus);
    for (const word of ["a", "b", "c"]) await bus.publish(filterSubjects[0]!, word);
    const stop = new AbortController();
    for await (const delivery of bus.consume("EVENTS", options(bus), stop.signal)) {
      await delivery.settle({ kind: "ack" });
      if (text(delivery.data) === "b") stop.abort();
    }

    const [next] = await take(bus.consume("EVENTS", options(bus), new AbortController().signal), 1);

    expect(text(next!.data)).toBe("c");
  });

  test("a change of the filters keeps the position", async () => {
    await using bus = await make();
    const { event } = makeSubjects(bus.prefix);
    await bus.publish(event("ns", "s", "e"), "old");
    await bus.publish(event("ns", "s", "other"), "passed over");
    await bus.publish(event("ns", "s", "e"), "seen");
    for await (const delivery of bus.consume("EVENTS", options(bus), new AbortController().signal)) {
      await delivery.settle({ kind: "ack" });
      if (text(delivery.data) === "seen") break;
    }
    await bus.publish(event("ns", "s", "e"), "next");

    // What was stored on the added subject before the change may be passed over; what comes after it is not.
    const wider = options(bus, { filterSubjects: [event("ns", "s", "e"), event("ns", "s", "other")] });
    const seen: string[] = [];
    for await (const delivery of bus.consume("EVENTS", wider, new AbortController().signal)) {
      await delivery.settle({ kind: "ack" });
      seen.push(text(delivery.data));
      if (seen.length === 2) break;
      await bus.publish(event("ns", "s", "other"), "new");
    }

    expect(seen).toEqual(["next", "new"]);
  });

  test("hands out no more than maxInFlight at once", async () => {
    await using bus = await make();
    const subject = options(bus).filterSubjects[0]!;
    for (let i = 0; i < 10; i++) await bus.publish(subject, String(i));
    const held: Delivery[] = [];
    const stop = new AbortController();
    const reachedThree = Promise.withResolvers<void>();
    const reading = (async () => {
      for await (const delivery of bus.consume("EVENTS", options(bus, { maxInFlight: 3 }), stop.signal)) {
        held.push(delivery);
        if (held.length === 3) reachedThree.resolve();
      }
    })();
    await reachedThree.promise;
    // A round trip on the same connection: what the server would have sent besides is here by now.
    await bus.publish(subject, "10");
    await bus.info("EVENTS");

    expect(held.length).toBe(3);
    await held[0]!.settle({ kind: "ack" });
    stop.abort();
    await reading;
  });

  test("what is acknowledged or dropped leaves the work queue, what is retried stays", async () => {
    await using bus = await make();
    const subject = makeSubjects(bus.prefix).trigger("ns", "s", "t");
    for (const word of ["ack", "drop", "retry"]) await bus.publish(subject, word);
    let count = 0;
    const queue = options(bus, { filterSubjects: [subject], maxInFlight: 5 });

    for await (const delivery of bus.consume("TRIGGERS", queue, new AbortController().signal)) {
      const kind = text(delivery.data) as "ack" | "drop" | "retry";
      await delivery.settle(kind === "retry" ? { kind, delayMs: 60_000 } : { kind });
      if (++count === 3) break;
    }

    expect((await Array.fromAsync(bus.read("TRIGGERS", subject))).map((m) => text(m.data))).toEqual([
      "retry",
    ]);
  });

  test("a deleted consumer forgets its position, and an unknown one is no error", async () => {
    await using bus = await make();
    const subject = options(bus).filterSubjects[0]!;
    await bus.publish(subject, "a");
    for await (const delivery of bus.consume("EVENTS", options(bus), new AbortController().signal)) {
      await delivery.settle({ kind: "ack" });
      break;
    }
    await bus.deleteConsumer("EVENTS", "d.1");
    await bus.deleteConsumer("EVENTS", "never made");

    const [again] = await take(bus.consume("EVENTS", options(bus), new AbortController().signal), 1);

    expect(text(again!.data)).toBe("a");
  });
}

function followers(make: () => Promise<Transport>): void {
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
    const [first] = await take(bus.follow("RUNS", { start: "all" }, new AbortController().signal), 1);
    await bus.publish(run("ns", "a"), "old");
    const seen: string[] = [];
    for await (const item of bus.follow("RUNS", { start: "new" }, new AbortController().signal)) {
      seen.push(item.type === "message" ? text(item.message.data) : item.type);
      if (item.type === "caught-up") await bus.publish(run("ns", "a"), "new");
      else break;
    }
    expect(first).toEqual({ type: "caught-up" });
    expect(seen).toEqual(["caught-up", "new"]);
  });
}

function keysAndObjects(make: () => Promise<Transport>): void {
  test("a key is made once, changed at its revision, deleted, and free again", async () => {
    await using bus = await make();
    const locks = bus.keyValue("locks");
    const first = await locks.create("a.b", "1");
    await expect(locks.create("a.b", "2")).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE" });
    const second = await locks.update("a.b", "2", first);
    await expect(locks.update("a.b", "3", first)).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE" });
    await expect(locks.delete("a.b", first)).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE" });
    expect(text((await locks.get("a.b"))!.value)).toBe("2");

    await locks.delete("a.b", second);
    expect(await locks.get("a.b")).toBeUndefined();
    expect(await Array.fromAsync(locks.entries(">"))).toEqual([]);
    expect(await locks.create("a.b", "4")).toBeGreaterThan(second);
  });

  test("a watch gives what is there, `caught-up`, then changes and deletions", async () => {
    await using bus = await make();
    const kv = bus.keyValue("resources");
    await kv.put("x.1", "a");
    await kv.put("x.1", "b");
    await kv.put("y.1", "other");
    const seen: string[] = [];

    for await (const change of kv.watch("x.*", new AbortController().signal)) {
      seen.push(change.type === "put" ? text(change.entry.value) : change.type);
      if (change.type === "caught-up") {
        await kv.put("x.2", "c");
        await kv.delete("x.1");
      }
      if (change.type === "delete") break;
    }

    expect(seen).toEqual(["b", "caught-up", "c", "delete"]);
  });

  test("an object larger than a message comes back byte for byte under its hash", async () => {
    await using bus = await make();
    const content = new Uint8Array(700_001).map((_, i) => (i * 31) % 251);
    const { hash } = await bus.objects().put(content);
    expect(await bus.objects().put(content)).toEqual({ hash });
    expect(Buffer.from((await bus.objects().get(hash))!).equals(content)).toBe(true);
    await bus.objects().delete(hash);
    expect(await bus.objects().get(hash)).toBeUndefined();
    expect(await bus.objects().get("no hash")).toBeUndefined();
  });
}
