import { VirtualClock } from "@sluice/base/testing";
import { describe, expect, test } from "vitest";
import { Lanes, type Place } from "./lane.ts";

const never = new AbortController().signal;
const granted = (places: readonly (Place | undefined)[], into: number[]): void =>
  places.forEach((place, i) => void place?.granted.then((mine) => mine && into.push(i)));
const settle = () => new Promise((resolve) => setImmediate(resolve));

describe("a lane", () => {
  test("lets so many execute, and the next when one leaves", async () => {
    const lanes = new Lanes({ maxActive: 2, maxHeld: 10 }, new VirtualClock());
    const places = [0, 1, 2, 3].map(() => lanes.enter("a", 0, never));
    const order: number[] = [];
    granted(places, order);
    await settle();
    expect(order).toEqual([0, 1]);

    places[0]?.[Symbol.dispose]();
    places[0]?.[Symbol.dispose]();
    await settle();

    expect(order).toEqual([0, 1, 2]);
  });

  test("holds so many, and does not touch another lane", () => {
    const lanes = new Lanes({ maxActive: 1, maxHeld: 2 }, new VirtualClock());
    lanes.enter("a", 0, never);
    lanes.enter("a", 0, never);

    expect(lanes.enter("a", 0, never)).toBeUndefined();
    expect(lanes.enter("b", 0, never)).toBeDefined();
  });

  test("spaces starts by the rate limit and drops none", async () => {
    const clock = new VirtualClock();
    const lanes = new Lanes({ maxActive: 10, maxHeld: 10 }, clock);
    const order: number[] = [];
    granted(
      [0, 1, 2].map(() => lanes.enter("a", 500, never)),
      order,
    );

    await clock.advanceTo(400);
    expect(order).toEqual([0]);
    await clock.advanceTo(1_000);

    expect(order).toEqual([0, 1, 2]);
  });

  test("gives nobody a turn after an abort, and loses no slot to who has left", async () => {
    const lanes = new Lanes({ maxActive: 1, maxHeld: 10 }, new VirtualClock());
    const stop = new AbortController();
    const first = lanes.enter("a", 0, never);
    const left = lanes.enter("a", 0, stop.signal);
    const last = lanes.enter("a", 0, never);
    stop.abort();
    expect(await left?.granted).toBe(false);
    left?.[Symbol.dispose]();

    first?.[Symbol.dispose]();

    expect(await last?.granted).toBe(true);
  });
});
