import { systemClock } from "@sluice/base/system";
import { VirtualClock } from "@sluice/base/testing";
import { expect, test } from "vitest";
import { storesConformance } from "../testing/stores-conformance.ts";
import { transportConformance } from "../testing/transport-conformance.ts";
import { makeMemoryTransport } from "./layer.ts";

const make = async () => makeMemoryTransport({ clock: systemClock });
transportConformance("memory", make);
storesConformance("memory", make);

test("an unsettled delivery comes again after its ack wait, unless it is being worked on", async () => {
  const clock = new VirtualClock();
  await using bus = makeMemoryTransport({ clock });
  await bus.publish("sluice.ev.ns.s.e", "x");
  const options = { durable: "d", filterSubjects: ["sluice.ev.>"], ackWaitMs: 1_000, maxInFlight: 1 };
  const deliveries = bus.consume("EVENTS", options, new AbortController().signal)[Symbol.asyncIterator]();
  const first = await deliveries.next();
  let again: number | undefined;
  const second = deliveries.next().then((next) => {
    again = next.done === true ? 0 : next.value.attempt;
  });

  await clock.advanceTo(900);
  first.value?.working();
  await clock.advanceTo(1_500);
  expect(again).toBeUndefined();
  await clock.advanceTo(1_900);
  await second;
  expect(again).toBe(2);
});

test("a message id may be stored again after the dedup window", async () => {
  const clock = new VirtualClock();
  await using bus = makeMemoryTransport({ clock });
  await bus.publish("sluice.ev.ns.s.e", "x", { msgId: "1" });
  await clock.advanceBy(2 * 3_600_000 + 1);
  expect((await bus.publish("sluice.ev.ns.s.e", "x", { msgId: "1" })).duplicate).toBe(false);
});

test("an unreachable bus refuses publishes, and followers go on when it is back", async () => {
  await using bus = makeMemoryTransport();
  const follower = bus
    .follow("EVENTS", { start: "all" }, new AbortController().signal)
    [Symbol.asyncIterator]();
  expect((await follower.next()).value).toEqual({ type: "caught-up" });
  bus.setReachable(false);
  await expect(bus.publish("sluice.ev.a.b.c", "x")).rejects.toMatchObject({ code: "BUS_UNAVAILABLE" });
  const next = follower.next();
  bus.setReachable(true);
  await bus.publish("sluice.ev.a.b.c", "y");
  expect((await next).value).toMatchObject({ type: "message" });
});

test("a follower that begins while the bus is unreachable waits for it; a read does not", async () => {
  await using bus = makeMemoryTransport();
  await bus.publish("sluice.ev.a.b.c", "x");
  bus.setReachable(false);
  const follower = bus
    .follow("EVENTS", { start: "all" }, new AbortController().signal)
    [Symbol.asyncIterator]();
  const first = follower.next();

  await expect(Array.fromAsync(bus.read("EVENTS", "sluice.ev.>"))).rejects.toMatchObject({
    code: "BUS_UNAVAILABLE",
  });
  bus.setReachable(true);

  expect((await first).value).toMatchObject({ type: "message" });
});
