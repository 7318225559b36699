import { describe, expect, test } from "vitest";
import { compileCron } from "./schedule.ts";

/** The instants after `from`, as RFC 3339 in UTC to the minute. */
function instants(text: string, from: string, count: number, zone?: string): readonly string[] {
  const schedule = compileCron(text, zone);
  const found: string[] = [];
  let at = Date.parse(from);
  const anchor = at;
  while (found.length < count) {
    const next = schedule.next(at, anchor);
    if (next === undefined) break;
    found.push(new Date(next).toISOString().replace(/:00\.000Z$/, "Z"));
    at = next;
  }
  return found;
}

const one = (text: string, from: string, zone?: string) => instants(text, from, 1, zone)[0];

describe("the standard fields", () => {
  // Each row follows robfig/cron's documented rules.
  test.each([
    ["0/15 * * * *", "2012-07-09T14:45:00Z", "2012-07-09T15:00Z"],
    ["0/15 * * * *", "2012-07-09T14:59:00Z", "2012-07-09T15:00Z"],
    ["20-35/15 * * * *", "2012-07-09T15:45:00Z", "2012-07-09T16:20Z"],
    ["*/15 * * * *", "2012-07-09T23:46:00Z", "2012-07-10T00:00Z"],
    ["20-35/15 1/2 * * *", "2012-07-09T23:45:00Z", "2012-07-10T01:20Z"],
    ["20-35/15 10-12 * * *", "2012-07-09T23:45:00Z", "2012-07-10T10:20Z"],
    ["20-35/15 1/2 */2 * *", "2012-07-09T23:45:00Z", "2012-07-11T01:20Z"],
    ["20-35/15 * 9-20 * *", "2012-07-09T23:45:00Z", "2012-07-10T00:20Z"],
    ["20-35/15 * 9-20 Jul *", "2012-07-09T23:45:00Z", "2012-07-10T00:20Z"],
    ["0 0 9 Apr-Oct ?", "2012-07-09T23:35:00Z", "2012-08-09T00:00Z"],
    ["0 0 */5 Apr,Aug,Oct Mon", "2012-07-09T23:35:00Z", "2012-08-01T00:00Z"],
    ["0 0 */5 Oct Mon", "2012-07-09T23:35:00Z", "2012-10-01T00:00Z"],
    ["0 0 * Feb Mon", "2012-07-09T23:35:00Z", "2013-02-04T00:00Z"],
    ["0 0 * Feb Mon/2", "2012-07-09T23:35:00Z", "2013-02-01T00:00Z"],
    ["0 0 29 Feb ?", "2012-07-09T23:35:00Z", "2016-02-29T00:00Z"],
    ["0 0 29 2 *", "2096-03-01T00:00:00Z", "2104-02-29T00:00Z"],
    ["@hourly", "2012-07-09T23:35:00Z", "2012-07-10T00:00Z"],
    ["@daily", "2012-07-09T00:00:00Z", "2012-07-10T00:00Z"],
    ["@weekly", "2012-07-09T00:00:00Z", "2012-07-15T00:00Z"],
    ["@monthly", "2012-07-09T00:00:00Z", "2012-08-01T00:00Z"],
    ["@yearly", "2012-07-09T00:00:00Z", "2013-01-01T00:00Z"],
    ["TZ=America/New_York 0 0 * * *", "2012-07-09T00:00:00Z", "2012-07-09T04:00Z"],
    ["CRON_TZ=Asia/Tokyo 0 0 * * *", "2012-07-09T00:00:00Z", "2012-07-09T15:00Z"],
  ])("'%s' after %s is at %s", (text, from, expected) => {
    expect(one(text, from)).toBe(expected);
  });

  test("day of the month and day of the week: either, where both are given; both, where one is a star", () => {
    expect(instants("0 0 1,15 * Sun", "2012-07-01T00:00:00Z", 4)).toEqual([
      "2012-07-08T00:00Z",
      "2012-07-15T00:00Z",
      "2012-07-22T00:00Z",
      "2012-07-29T00:00Z",
    ]);
    expect(instants("0 0 */10 * Sun", "2012-07-01T00:00:00Z", 3)).toEqual([
      "2012-07-08T00:00Z",
      "2012-07-11T00:00Z",
      "2012-07-15T00:00Z",
    ]);
    expect(instants("0 0 1,15 * *", "2012-07-01T00:00:00Z", 2)).toEqual([
      "2012-07-15T00:00Z",
      "2012-08-01T00:00Z",
    ]);
  });

  test("an instant that never comes is none", () => {
    expect(one("0 0 30 2 *", "2026-01-01T00:00:00Z")).toBeUndefined();
    expect(one("0 0 31 Apr ?", "2026-01-01T00:00:00Z")).toBeUndefined();
  });

  test("`@every` counts whole seconds from its anchor, however late it is asked", () => {
    const schedule = compileCron("@every 90s");
    const anchor = Date.parse("2026-01-01T00:00:10.700Z");
    expect(schedule.next(anchor, anchor)).toBe(Date.parse("2026-01-01T00:01:40Z"));
    expect(schedule.next(anchor + 3_600_000, anchor)).toBe(Date.parse("2026-01-01T01:01:40Z"));
    expect(compileCron("@every 10ms").next(anchor, anchor)).toBe(Date.parse("2026-01-01T00:00:11Z"));
  });
});

describe("what is malformed is said with its place", () => {
  test.each([
    ["", "empty spec string", 1],
    ["* * * *", "expected exactly 5 fields, found 4: [* * * *]", 1],
    ["0 * * * * *", "expected exactly 5 fields, found 6: [0 * * * * *]", 11],
    ["* 24 * * *", "end of range (24) above maximum (23): 24", 3],
    ["* * 0 * *", "beginning of range (0) below minimum (1): 0", 5],
    ["* * * * 7", "end of range (7) above maximum (6): 7", 9],
    ["5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1", 1],
    ["*/0 * * * *", "step of range should be a positive number: */0", 1],
    ["1-2-3 * * * *", "too many hyphens: 1-2-3", 1],
    ["1/2/3 * * * *", "too many slashes: 1/2/3", 1],
    ["x * * * *", "failed to parse int from x", 1],
    ["* * * Foo *", "failed to parse int from Foo", 7],
    ["+5 * * * *", "failed to parse int from +5", 1],
    ["*-5 * * * *", "too many hyphens: *-5", 1],
    ["@often", "unrecognized descriptor: @often", 1],
    ["@every soon", "failed to parse duration @every soon", 1],
    ["TZ=Mars/Olympus * * * * *", "provided bad location Mars/Olympus", 1],
  ])("'%s': %s", (text, reason, column) => {
    expect(() => compileCron(text)).toThrow(expect.objectContaining({ code: "EXPR_SYNTAX" }));
    try {
      compileCron(text);
    } catch (error) {
      expect((error as { details: object }).details).toMatchObject({ reason, column });
    }
  });
});

describe("when the clocks change", () => {
  test("a reading that spring skips happens once, as late as the gap is long", () => {
    expect(instants("30 2 * * *", "2026-03-28T12:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-03-29T01:30Z", // 03:30, since 02:30 is none
      "2026-03-30T00:30Z",
    ]);
    expect(instants("30 2 * * *", "2026-03-07T12:00:00Z", 2, "America/New_York")).toEqual([
      "2026-03-08T07:30Z",
      "2026-03-09T06:30Z",
    ]);
    // Half an hour is skipped here, from 02:00 on.
    expect(instants("15 2 * * *", "2026-10-03T00:00:00Z", 2, "Australia/Lord_Howe")).toEqual([
      "2026-10-03T15:45Z", // 02:45 of the 4th
      "2026-10-04T15:15Z",
    ]);
  });

  test("a skipped reading that falls on another one is one instant", () => {
    expect(instants("0 2,3 * * *", "2026-03-28T12:00:00Z", 3, "Europe/Berlin")).toEqual([
      "2026-03-29T01:00Z",
      "2026-03-30T00:00Z",
      "2026-03-30T01:00Z",
    ]);
  });

  test("a reading that autumn shows twice happens once, the first time", () => {
    expect(instants("30 2 * * *", "2026-10-24T12:00:00Z", 2, "Europe/Berlin")).toEqual([
      "2026-10-25T00:30Z",
      "2026-10-26T01:30Z",
    ]);
    expect(instants("30 1 * * *", "2026-10-31T12:00:00Z", 2, "America/New_York")).toEqual([
      "2026-11-01T05:30Z",
      "2026-11-02T06:30Z",
    ]);
    expect(instants("45 1 * * *", "2026-04-04T00:00:00Z", 2, "Australia/Lord_Howe")).toEqual([
      "2026-04-04T14:45Z",
      "2026-04-05T15:15Z",
    ]);
  });

  test("what runs every hour runs in each hour that passes", () => {
    expect(instants("0 * * * *", "2026-10-24T23:30:00Z", 4, "Europe/Berlin")).toEqual([
      "2026-10-25T00:00Z",
      "2026-10-25T01:00Z",
      "2026-10-25T02:00Z",
      "2026-10-25T03:00Z",
    ]);
    expect(instants("0 * * * *", "2026-03-28T23:30:00Z", 3, "Europe/Berlin")).toEqual([
      "2026-03-29T00:00Z",
      "2026-03-29T01:00Z",
      "2026-03-29T02:00Z",
    ]);
  });

  test("no instant comes twice, none goes back, and each day of two years has its own", {
    timeout: 30_000,
  }, () => {
    for (const zone of ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo"]) {
      const schedule = compileCron("15,45 0-3 * * *", zone);
      let at = Date.UTC(2025, 0, 1);
      let count = 0;
      for (;;) {
        const next = schedule.next(at, 0);
        if (next === undefined || next >= Date.UTC(2027, 0, 1)) break;
        expect(next).toBeGreaterThan(at);
        at = next;
        count += 1;
      }
      // Eight a day; a whole skipped hour lies on the one behind it: two a year where that is within 0 to 3 o'clock.
      expect(count).toBeGreaterThanOrEqual(8 * 730 - 4);
      expect(count).toBeLessThanOrEqual(8 * 730);
    }
  });
});
