import { expect, test } from "vitest";
import { type SlotUser, StepSlots } from "./slots.ts";

test("steps of a higher priority go first; runs of the same take turns", () => {
  const order: string[] = [];
  const user = (priority?: number): SlotUser => ({
    ...(priority === undefined ? {} : { priority }),
    granted: (stepId) => void order.push(stepId),
  });
  const slots = new StepSlots(1);
  const [low, a, b] = [user(-1), user(), user(0)];
  slots.request(a, "first");
  slots.request(low, "low");
  for (const step of ["a1", "a2"]) slots.request(a, step);
  slots.request(b, "b1");
  slots.request(user(7), "high");
  slots.request(b, "gone");
  expect(slots.cancel(b, "gone")).toBe(true);
  expect(slots.waiting).toBe(5);

  for (let n = 0; n < 6; n++) slots.release(order.at(-1) ?? "");

  expect(order).toEqual(["first", "high", "a1", "b1", "a2", "low"]);
  expect(slots.waiting).toBe(0);
});

test("who leaves gives all back, and none of it goes to its own line", () => {
  const order: string[] = [];
  const user = (): SlotUser => ({ granted: (stepId) => void order.push(stepId) });
  const slots = new StepSlots(2);
  const [leaver, other] = [user(), user()];
  for (const step of ["w", "x", "y", "z"]) slots.request(leaver, step);
  slots.request(other, "o");

  slots.leave(leaver, ["y", "z", "w", "x"]);

  expect(order).toEqual(["w", "x", "o"]);
  expect([slots.busy, slots.waiting]).toEqual([1, 0]);
});
