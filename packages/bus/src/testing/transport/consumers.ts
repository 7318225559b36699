import { expect, test } from "vitest";
import type { ConsumeOptions, Delivery, Transport } from "../../ports/transport.ts";
import { makeSubjects } from "../../subjects.ts";
import { never, take } from "../endless.ts";
import { text } from "./text.ts";

/** Durable consumers: order, attempts, bounds, positions. */
export function consumersConformance(make: () => Promise<Transport>): void {
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

    for await (const delivery of bus.consume("EVENTS", options(bus), never())) {
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

    const [next] = await take(bus.consume("EVENTS", options(bus), never()), 1);

    expect(text(next!.data)).toBe("c");
  });

  test("a change of the filters keeps the position", async () => {
    await using bus = await make();
    const { event } = makeSubjects(bus.prefix);
    await bus.publish(event("ns", "s", "e"), "old");
    await bus.publish(event("ns", "s", "other"), "passed over");
    await bus.publish(event("ns", "s", "e"), "seen");
    for await (const delivery of bus.consume("EVENTS", options(bus), never())) {
      await delivery.settle({ kind: "ack" });
      if (text(delivery.data) === "seen") break;
    }
    await bus.publish(event("ns", "s", "e"), "next");

    // What was stored on the added subject before the change may be passed over; what comes after it is not.
    const wider = options(bus, { filterSubjects: [event("ns", "s", "e"), event("ns", "s", "other")] });
    const seen: string[] = [];
    for await (const delivery of bus.consume("EVENTS", wider, never())) {
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

    for await (const delivery of bus.consume("TRIGGERS", queue, never())) {
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
    for await (const delivery of bus.consume("EVENTS", options(bus), never())) {
      await delivery.settle({ kind: "ack" });
      break;
    }
    await bus.deleteConsumer("EVENTS", "d.1");
    await bus.deleteConsumer("EVENTS", "never made");

    const [again] = await take(bus.consume("EVENTS", options(bus), never()), 1);

    expect(text(again!.data)).toBe("a");
  });
}
