import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatDuration, formatGoDuration, parseGoDuration, parseSecondsOrDuration } from "./duration.ts";

describe("Go durations", () => {
  test.each([
    ["0", 0],
    ["1s", 1_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    [".5s", 500],
    ["250ms", 250],
    ["1us", 0.001],
    ["-1m", -60_000],
    ["+2s", 2_000],
  ])("%s is %d ms", (text, ms) => expect(parseGoDuration(text)).toBeCloseTo(ms, 9));

  test.each(["", "1", "1d", "s", "1 s", "1s ", "1sm", "--1s", "1e3s", "99999999999h"])(
    "'%s' is none",
    (text) => expect(parseGoDuration(text)).toBeUndefined(),
  );

  test("what is printed is read back", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(10 ** 10), max: 10 ** 10 }), (ms) => {
        expect(parseGoDuration(formatGoDuration(ms))).toBeCloseTo(ms, 3);
      }),
    );
  });
});

test("a bare number is seconds where Argo says so", () => {
  expect(parseSecondsOrDuration("20")).toBe(20_000);
  expect(parseSecondsOrDuration("1m")).toBe(60_000);
  expect(parseSecondsOrDuration("soon")).toBeUndefined();
});

test.each([
  [0, "0ms"],
  [850, "850ms"],
  [1_500, "1.5s"],
  [12_345, "12s"],
  [184_000, "3m04s"],
  [7_800_000, "2h10m"],
  [90_000_000, "1d01h"],
])("%d ms is shown as %s", (ms, text) => expect(formatDuration(ms)).toBe(text));
