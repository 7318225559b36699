import type { StoredEvent } from "@sluice/spec";
import { expect, test } from "vitest";
import { makeSubjects } from "../../subjects.ts";
import { never, take } from "../endless.ts";
import { consuming, type StoresGround } from "./ground.ts";

const anEvent = (id: string, data: string = id): StoredEvent => ({
  v: 1,
  origin: { namespace: "ns", source: "hooks", event: "push" },
  receivedAt: 1,
  event: { specversion: "1.0", id, source: "github", type: "push", data: { text: data } },
});

/** EVENTS on any Transport. */
export function eventsConformance({ make, open }: StoresGround): void {
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
