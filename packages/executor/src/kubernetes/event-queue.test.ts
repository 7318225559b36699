import type { StepEvent } from "@sluice/engine";
import { expect, test } from "vitest";
import { EventQueue } from "./event-queue.ts";

const event = (n: number): StepEvent => ({ type: "pending", stepId: `s${n}`, at: n, message: "" });

test("what a reader has not dealt with comes again to the next", async () => {
  const queue = new EventQueue();
  queue.put(event(1));
  queue.put(event(2));
  const first = new AbortController();
  for await (const seen of queue.read(first.signal)) {
    expect(seen.stepId).toBe("s1");
    first.abort();
  }

  const seen: string[] = [];
  const second = new AbortController();
  for await (const { stepId } of queue.read(second.signal)) {
    seen.push(stepId);
    if (stepId === "s2") second.abort();
  }
  expect(seen).toEqual(["s2"]);
});

test("who puts output waits while the reader is far behind, and goes on when it has caught up", async () => {
  const queue = new EventQueue();
  const live = new AbortController();
  for (let n = 0; n < 1_000; n++) queue.put(event(n));
  let through = false;
  const put = queue.putWhenRoom(event(1_000), live.signal).then(() => {
    through = true;
  });
  await Promise.resolve();
  expect(through).toBe(false);

  const stop = new AbortController();
  let count = 0;
  for await (const _ of queue.read(stop.signal)) if (++count === 1_001) void put.then(() => stop.abort());
  await put;
  expect(count).toBe(1_001);
});

test("who waits for room is let go when it is told to end", async () => {
  const queue = new EventQueue();
  const live = new AbortController();
  for (let n = 0; n < 1_001; n++) queue.put(event(n));
  const put = queue.putWhenRoom(event(0), live.signal);
  live.abort();
  await put;
});
