import { hasCode, silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { openStores } from "@sluice/bus";
import { startTestServer } from "@sluice/bus/testing";
import { expect, test } from "vitest";

const text = (data: Uint8Array): string => Buffer.from(data).toString("utf8");

test("kill -9 of the server under load loses nothing that it acknowledged, and stores nothing twice", async () => {
  await using server = await startTestServer({ sync: "always" });
  await using bus = await server.connect();
  const acknowledged = new Set<string>();
  const halfWay = Promise.withResolvers<void>();
  let next = 0;
  const writer = async () => {
    while (next < 1_500) {
      const id = String(next++);
      for (;;) {
        try {
          await bus.publish("sluice.ev.ns.s.e", id, { msgId: id, timeoutMs: 20_000 });
          break;
        } catch (error) {
          if (!hasCode(error, "BUS_UNAVAILABLE")) throw error;
        }
      }
      acknowledged.add(id);
      if (acknowledged.size === 500) halfWay.resolve();
    }
  };
  const writers = Array.from({ length: 16 }, writer);

  await halfWay.promise;
  await server.restart();
  await Promise.all(writers);

  const stored = (await Array.fromAsync(bus.read("EVENTS", "sluice.ev.>"))).map((m) => text(m.data));
  expect(acknowledged.size).toBe(1_500);
  expect(stored.length).toBe(1_500);
  expect(new Set(stored)).toEqual(acknowledged);
});

test("a publish in an outage fails within its time and is not sent later", async () => {
  await using server = await startTestServer();
  await using bus = await server.connect();
  await server.kill();
  const startedAt = systemClock.monotonic();

  const failing = bus.publish("sluice.ev.ns.s.e", "lost", { timeoutMs: 500 });

  await expect(failing).rejects.toMatchObject({ code: "BUS_UNAVAILABLE", retry: "later" });
  expect(systemClock.monotonic() - startedAt).toBeLessThan(2_000);
  await server.restart();
  await bus.publish("sluice.ev.ns.s.e", "kept");
  const stored = await Array.fromAsync(bus.read("EVENTS", "sluice.ev.>"));
  expect(stored.map((m) => text(m.data))).toEqual(["kept"]);
});

test("a server that hangs makes publishes fail within their time", async () => {
  await using server = await startTestServer();
  await using bus = await server.connect();
  await server.signal("SIGSTOP");
  const failing = bus.publish("sluice.ev.ns.s.e", "x", { timeoutMs: 400, msgId: "1" });
  await expect(failing).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  await server.signal("SIGCONT");
  await bus.publish("sluice.ev.ns.s.e", "x", { msgId: "1" });
  expect((await bus.info("EVENTS")).messages).toBe(1);
});

test("a follower and a key watch see no gap and no repeat over restarts", async () => {
  await using server = await startTestServer();
  await using bus = await server.connect();
  const seen: number[] = [];
  const keys: string[] = [];
  const stop = new AbortController();
  const progress = { waiting: 0, resolve: () => {} };
  const reached = (count: number) =>
    new Promise<void>((resolve) => {
      progress.waiting = count;
      progress.resolve = resolve;
      if (seen.length >= count && keys.length >= count) resolve();
    });
  const notice = () => {
    if (seen.length >= progress.waiting && keys.length >= progress.waiting) progress.resolve();
  };
  const following = (async () => {
    for await (const item of bus.follow("RUNS", { start: "all" }, stop.signal)) {
      if (item.type === "message") seen.push(Number(text(item.message.data)));
      notice();
    }
  })();
  const watching = (async () => {
    for await (const change of bus.keyValue("locks").watch(">", stop.signal)) {
      if (change.type === "put") keys.push(text(change.entry.value));
      notice();
    }
  })();

  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 20; i++) {
      await bus.publish("sluice.run.ns.a", String(round * 20 + i), { timeoutMs: 20_000 });
      await bus.keyValue("locks").put(`k.${i}`, String(round * 20 + i));
    }
    await reached((round + 1) * 20);
    await server.restart();
  }
  stop.abort();
  await Promise.all([following, watching]);

  expect(seen).toEqual(Array.from({ length: 60 }, (_, i) => i));
  expect(keys).toEqual(Array.from({ length: 60 }, (_, i) => String(i)));
});

// The server writes a consumer's position behind its acknowledgement: a kill may bring the last deliveries again.
test("a consumer goes on after kill -9 of the server and misses nothing", async () => {
  await using server = await startTestServer({ sync: "always" });
  await using bus = await server.connect();
  const stores = openStores(bus, { clock: systemClock, log: silentLogger });
  const origin = { namespace: "ns", source: "s", event: "e" };
  const publish = (id: string) =>
    stores.events.publish({
      v: 1,
      origin,
      receivedAt: 1,
      event: { specversion: "1.0", id, source: "x", type: "y" },
    });
  for (let i = 0; i < 20; i++) await publish(String(i));
  const acknowledged: string[] = [];
  let restarting: Promise<void> | undefined;

  const options = { ackWaitMs: 2_000, maxInFlight: 1 };
  for await (const delivery of stores.events.consume("d", [origin], options, new AbortController().signal)) {
    acknowledged.push(delivery.value.event.id);
    await delivery.settle({ kind: "ack" });
    if (acknowledged.length === 10) restarting = server.restart();
    if (delivery.value.event.id === "19") break;
  }
  await restarting;

  expect([...new Set(acknowledged)]).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
});

test("streams are brought to new settings at the next start, and what cannot be changed is said", async () => {
  await using server = await startTestServer();
  {
    await using first = await server.connect({ eventsMaxBytes: 100_000 });
    await first.publish("sluice.ev.a.b.c", "x");
  }
  await using second = await server.connect({ eventsMaxBytes: 2_000 });
  const fill = async () => {
    for (let i = 0; i < 10; i++) await second.publish("sluice.ev.a.b.c", new Uint8Array(500));
  };
  await expect(fill()).rejects.toMatchObject({ code: "BUS_STREAM_FULL", retry: "later" });
  await expect(server.connect({ replicas: 3 })).rejects.toMatchObject({ code: "BUS_STREAM_SETTINGS" });
});

test("a follower outlives a server that is away while the content of a large record is fetched", async () => {
  await using server = await startTestServer();
  await using bus = await server.connect();
  const objects = bus.objects();
  const journal = openStores(bus, { clock: systemClock, log: silentLogger }).journal<string>();
  const large = "x".repeat((await bus.describe()).maxPayloadBytes);
  let seq = 0;
  for (const fact of ["a", large, "c"])
    seq = await journal.append({ namespace: "ns", name: "run" }, [fact], seq);
  const answers: string[] = [];
  /** The first request meets a dead server, the second one a server that is back. */
  const get = async (hash: string) => {
    await (answers.length === 0 ? server.kill() : server.restart());
    try {
      const content = await objects.get(hash);
      answers.push("given");
      return content;
    } catch (error) {
      answers.push((error as { code: string }).code);
      throw error;
    }
  };
  const cut = { ...bus, objects: () => ({ ...objects, get }) };
  const follower = openStores(cut, { clock: systemClock, log: silentLogger }).journal<string>();

  const seen: string[] = [];
  for await (const item of follower.follow(new AbortController().signal)) {
    if (item.type === "caught-up") break;
    seen.push(...item.record.facts);
  }

  expect(seen).toEqual(["a", large, "c"]);
  expect(answers).toEqual(["BUS_UNAVAILABLE", "given"]);
});
