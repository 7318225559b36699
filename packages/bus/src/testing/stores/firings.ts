import type { DeadLetter, TrailRecord, TriggerRequest } from "@sluice/spec";
import { expect, test } from "vitest";
import { never, take } from "../endless.ts";
import { consuming, type StoresGround } from "./ground.ts";

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

/** TRIGGERS, DEAD and TRAIL on any Transport. */
export function firingsConformance({ make, open }: StoresGround): void {
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
