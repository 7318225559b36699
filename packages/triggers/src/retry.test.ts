import { expect, test } from "vitest";
import { defaultRetryPlan, retryDelayMs, retryPlan } from "./retry.ts";

test.each([
  [{ duration: "2s", factor: 3, steps: 4 }, [2_000, 6_000, 18_000]],
  [{ duration: 500_000_000, steps: 2 }, [500, 500, 500]],
  [{ duration: "1500000000" }, [1_500, 1_500, 1_500]],
  [{}, [1_000, 1_000, 1_000]],
])("%j waits %j ms", (strategy, waits) => {
  expect([1, 2, 3].map((attempt) => retryDelayMs(retryPlan(strategy), attempt, 0.5))).toEqual(waits);
});

test("steps counts all attempts; without a strategy there are five", () => {
  expect(retryPlan({ steps: 1 }).attempts).toBe(1);
  expect(retryPlan({ steps: 0 }).attempts).toBe(1);
  expect(retryPlan(undefined)).toBe(defaultRetryPlan);
});

test("what the target asks for is the least wait, up to an hour", () => {
  expect(retryDelayMs(defaultRetryPlan, 1, 0.5, 60_000)).toBe(60_000);
  expect(retryDelayMs(defaultRetryPlan, 1, 0.5, 1e12)).toBe(3_600_000);
});
