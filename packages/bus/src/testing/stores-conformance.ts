import { SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { DeadLetter, RunSubmitted, StoredEvent, TrailRecord, TriggerRequest } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import type { ArchiveRow, Stores } from "../ports/stores.ts";
import type { Transport } from "../ports/transport.ts";
import { openStores } from "../stores/open.ts";
import { makeSubjects } from "../subjects.ts";
import { artifactsConformance } from "./artifacts-conformance.ts";
import { take } from "./transport-conformance.ts";

const anEvent = (id: string, data: string = id): StoredEvent => ({
  v: 1,
  origin: { namespace: "ns", source: "hooks", event: "push" },
  receivedAt: 1,
  event: { specversion: "1.0", id, source: "github", type: "push", data: { text: data } },
});

const aRequest = (id: string): TriggerRequest => ({
  v: 1,
  id,
  namespace: "ns",
  sensor: "s",
  sensorGeneration: 1,
  trigger: "t",
  kind: "log",
  action: {},
  causes: [],
  traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  requestedAt: 1,
});

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

const never = () => new AbortController().signal;
const consuming = { ackWaitMs: 30_000, maxInFlight: 4 };

/** The typed stores on any Transport; `make` gives a fresh, empty one. */
export function storesConformance(name: string, make: () => Promise<Transport>): void {
  const open = (bus: Transport): Stores =>
    openStores(bus, { clock: new VirtualClock(1_000), log: silentLogger });
  describe(`stores on ${name}: events`, () => events(make, open));
  describe(`stores on ${name}: firings`, () => firings(make, open));
  describe(`stores on ${name}: runs`, () => runs(make, open));
  describe(`stores on ${name}: artifacts`, () => artifactsConformance(make, open));
  describe(`stores on ${name}: resources`, () => resources(make, open));
}

type Make = () => Promise<Transport>;
type Open = (bus: Transport) => Stores;

function events(make: Make, open: Open): void {
  test("an event of the same source and id is stored once, and found by id and by its beginning", async () => {
    await using bus = await make();
    const { events } = open(bus);
    const first = await events.publish(anEvent("delivery-0001"));
    expect(await events.publish(anEvent("delivery-0001", "again"))).toEqual({
      seq: first.seq,
      duplicate: true,
    });
    await events.publish(anEvent("delivery-0002"));

    expect((await events.find("ns", "delivery-0001"))?.seq).toBe(first.seq);
    expect((await events.find("ns", "delivery-0002"))?.value.event.data).toEqual({ text: "delivery-0002" });
    expect(await events.find("ns", "delivery")).toBeUndefined();
    expect(await events.find("other", "delivery-0001")).toBeUndefined();
    await events.publish(anEvent("unique-prefix-9"));
    expect((await events.find("ns", "unique-p"))?.value.event.id).toBe("unique-prefix-9");
  });

  test("lists newest first, in pages", async () => {
    await using bus = await make();
    const { events } = open(bus);
    for (const id of ["a", "b", "c", "d"]) await events.publish(anEvent(id));
    const page = await events.list({ namespace: "ns", limit: 2 });
    const next = await events.list({ namespace: "ns", limit: 5, beforeSeq: page[1]!.seq });
    expect([...page, ...next].map((e) => e.value.event.id)).toEqual(["d", "c", "b", "a"]);
    expect(await events.list({ namespace: "ns", source: "none", limit: 5 })).toEqual([]);
  });

  test("an event too large for a message is delivered whole", async () => {
    await using bus = await make();
    const { events } = open(bus);
    const { maxPayloadBytes } = await bus.describe();
    const large = anEvent("large", "x".repeat(maxPayloadBytes + 100));
    await events.publish(large);
    const [delivery] = await take(events.consume("d", [large.origin], consuming, never()), 1);
    expect(delivery!.value).toEqual(large);
  });

  test("what cannot be read is put aside with the reason and does not stand in the way", async () => {
    await using bus = await make();
    const { events } = open(bus);
    const subjects = makeSubjects(bus.prefix);
    await bus.publish(subjects.event("ns", "hooks", "push"), "not json");
    await bus.publish(subjects.event("ns", "hooks", "push"), '{"v":99}');
    await events.publish(anEvent("good"));

    const [delivery] = await take(events.consume("d", [anEvent("").origin], consuming, never()), 1);

    expect(delivery!.value.event.id).toBe("good");
    const aside = await Array.fromAsync(bus.read("DEAD", subjects.quarantine("EVENTS")));
    const reasons = aside.map((m) => JSON.parse(Buffer.from(m.data).toString()).reason as string);
    expect(reasons).toHaveLength(2);
    expect(reasons[1]).toContain("format version 99");
  });
}

function firings(make: Make, open: Open): void {
  test("a request of the same id is queued once and gone when done", async () => {
    await using bus = await make();
    const { triggers } = open(bus);
    await triggers.publish(aRequest("r1"));
    expect((await triggers.publish(aRequest("r1"))).duplicate).toBe(true);
    const [delivery] = await take(triggers.consume(consuming, never()), 1);
    expect(delivery!.value).toEqual(aRequest("r1"));
    await delivery!.settle({ kind: "ack" });
    expect((await bus.info("TRIGGERS")).messages).toBe(0);
  });

  test("dead letters are kept, found and removed", async () => {
    await using bus = await make();
    const { dead } = open(bus);
    const letter = (id: string): DeadLetter => ({
      v: 1,
      id,
      request: aRequest(id),
      code: "X",
      message: "m",
      hint: "h",
      attempts: 3,
      at: 5,
    });
    await dead.put(letter("one"));
    await dead.put(letter("one"));
    await dead.put(letter("two"));
    expect((await dead.list("ns", 10)).map((l) => l.value.id)).toEqual(["two", "one"]);
    await dead.remove((await dead.get("ns", "one"))!.seq);
    expect(await dead.get("ns", "one")).toBeUndefined();
  });

  test("the trail of an event has what happened to it, a repeated finding once", async () => {
    await using bus = await make();
    const { trail } = open(bus);
    const cause = { namespace: "ns", source: "hooks", event: "push", id: "an id with . and *" };
    const record = (at: number, sensor: string): TrailRecord => ({
      v: 1,
      at,
      cause,
      type: "verdict",
      sensor,
      dependency: "d",
      passed: true,
      checks: [],
    });
    await trail.record(record(1, "a"));
    await trail.record(record(2, "a"));
    await trail.record(record(3, "b"));
    expect((await trail.of(cause)).map((r) => r.at)).toEqual([1, 3]);
    expect(await trail.of({ ...cause, source: "other" })).toEqual([]);
  });

  test("a letter that dies again after a redrive has its own records, a redelivery's repeat has none", async () => {
    await using bus = await make();
    const { trail } = open(bus);
    const cause = { namespace: "ns", source: "hooks", event: "push", id: "e1" };
    const died = (at: number, attempt: number, redrive?: number): TrailRecord => ({
      v: 1,
      at,
      cause,
      type: "trigger",
      sensor: "s",
      trigger: "t",
      request: "r1",
      outcome: "dead",
      attempt,
      code: "X",
      message: "m",
      ...(redrive === undefined ? {} : { redrive }),
    });
    await trail.record(died(1, 1));
    await trail.record(died(2, 1));
    await trail.record(died(3, 1, 7));
    await trail.record(died(4, 1, 7));
    await trail.record(died(5, 1, 9));
    await trail.record(died(6, 2, 9));
    expect((await trail.of(cause)).map((r) => r.at)).toEqual([1, 3, 5, 6]);
  });
}

function runs(make: Make, open: Open): void {
  const key = { namespace: "ns", name: "run.1" };

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

  test("a watch of the archive comes to the revision that the archive tells, whatever is behind it", async () => {
    await using bus = await make();
    const { archive } = open(bus);
    expect(await archive.lastRevision()).toBe(0);
    await archive.put(aRow("old"));
    const stop = new AbortController();
    let wanted: number | undefined;
    const seen: string[] = [];

    for await (const change of archive.watch(stop.signal)) {
      seen.push(change.type);
      if (change.type === "caught-up") {
        await archive.put(aRow("a"));
        await archive.bury({ namespace: "ns", name: "a" }, "a");
        await bus.keyValue("archive").put("ns.broken", "no JSON");
        wanted = await archive.lastRevision();
      } else if (change.revision === wanted) stop.abort();
    }

    expect(seen.slice(0, 2)).toEqual(["row", "caught-up"]);
    expect(seen.slice(-2)).toEqual(["tombstone", "passed"]);
  });

  test("an archive row that cannot be read hides no other, and is in quarantine", async () => {
    await using bus = await make();
    const stores = open(bus);
    await stores.archive.put(aRow("a"));
    await bus.keyValue("archive").put("ns.broken", "no JSON");
    await stores.archive.put(aRow("z"));

    for (let round = 0; round < 2; round++)
      expect((await Array.fromAsync(stores.archive.list())).map((r) => r.uid)).toEqual(["a", "z"]);

    const aside = await stores.quarantine.list("ns", 10);
    expect(aside.map(({ value }) => [value.stream, value.subject])).toEqual([["archive", "ns.broken"]]);
    expect(Buffer.from(aside[0]!.value.data, "base64").toString()).toBe("no JSON");
    expect(await stores.quarantine.list("other", 10)).toEqual([]);
    expect((await stores.quarantine.get("ns", aside[0]!.value.id))?.seq).toBe(aside[0]!.seq);
  });

  test("log lines keep their order and streams, for one node or all", async () => {
    await using bus = await make();
    const { logs } = open(bus);
    const line = (at: number, text: string) => ({ at, stream: "stdout" as const, text });
    await logs.append(key, { id: "n1", attempt: 1 }, [line(1, "a"), { ...line(2, "b"), stream: "stderr" }]);
    await logs.append(key, { id: "n2", attempt: 1 }, [line(3, "c")]);
    expect((await Array.fromAsync(logs.read(key, {}))).map((l) => l.text)).toEqual(["a", "b", "c"]);
    expect(await Array.fromAsync(logs.read(key, { node: "n2" }))).toMatchObject([
      { ...line(3, "c"), nodeId: "n2", attempt: 1 },
    ]);
    expect((await take(logs.read(key, { follow: never() }), 3)).map((l) => l.stream)).toEqual([
      "stdout",
      "stderr",
      "stdout",
    ]);
    await logs.purge(key);
    expect(await Array.fromAsync(logs.read(key, {}))).toEqual([]);
  });

  test("of two writers of one node's lines the one that was overtaken stores nothing", async () => {
    await using bus = await make();
    const { logs } = open(bus);
    const node = { id: "n1", attempt: 0, run: "uid" };
    const line = (text: string) => ({ at: 1, stream: "stdout" as const, text });
    expect(await logs.tail(key, "n1")).toBeUndefined();
    const first = await logs.append(key, node, [line("a")], 0);
    const second = await logs.append(key, node, [line("b")], first);

    await expect(logs.append(key, node, [line("a")], 0)).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });
    await expect(logs.append(key, node, [line("b")], first)).rejects.toMatchObject({
      code: "BUS_WRONG_SEQUENCE",
    });

    expect(await logs.tail(key, "n1")).toEqual({ ...node, seq: second });
    expect((await Array.fromAsync(logs.read(key, { node: "n1" }))).map((l) => [l.text, l.run])).toEqual([
      ["a", "uid"],
      ["b", "uid"],
    ]);
  });
}

function resources(make: Make, open: Open): void {
  test("a generation grows with each change only, and every kind of change is seen by a watch", async () => {
    await using bus = await make();
    const { resources } = open(bus);
    const applied = await resources.apply("Sensor", "ns", "a.b", { x: 1, y: 2 });
    expect(applied.outcome).toBe("created");
    expect((await resources.apply("Sensor", "ns", "a.b", { y: 2, x: 1 })).outcome).toBe("unchanged");
    const seen: string[] = [];
    for await (const change of resources.watch(["Sensor"], never())) {
      seen.push(change.type === "applied" ? `generation ${change.resource.generation}` : change.type);
      if (change.type === "caught-up") {
        await resources.apply("EventSource", "ns", "not asked for", {});
        await resources.apply("Sensor", "ns", "a.b", { x: 2 });
        expect(await resources.delete("Sensor", "ns", "a.b")).toBe(true);
      }
      if (change.type === "deleted") break;
    }
    expect(seen).toEqual(["generation 1", "caught-up", "generation 2", "deleted"]);
    expect(await resources.delete("Sensor", "ns", "a.b")).toBe(false);
    expect(await resources.list("Sensor")).toEqual([]);
    expect((await resources.list("EventSource", "ns")).map((r) => r.name)).toEqual(["not asked for"]);
    await resources.apply("ClusterWorkflowTemplate", "", "global", {});
    expect((await resources.get("ClusterWorkflowTemplate", "", "global"))?.namespace).toBe("");
  });
}

const aRow = (name: string): ArchiveRow => ({
  v: 1,
  key: { namespace: "ns", name },
  uid: name,
  phase: "Succeeded",
  submittedAt: 1,
  startedAt: 1,
  finishedAt: 2,
  labels: {},
  causes: [],
  object: "",
});
