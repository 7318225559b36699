import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { backoffMs, defaultBackoff, retrying } from "./backoff.ts";
import { defineErrors, hasCode, retryOf } from "./errors.ts";
import { fnv32a, hashId, hashUid, nameSuffix } from "./hash.ts";
import { stableJson } from "./json.ts";
import { Mailbox } from "./mailbox.ts";
import { SeededRandom } from "./random.ts";
import { VirtualClock } from "./testing/virtual-clock.ts";
import { childTraceparent, isTraceparent, traceparentOf } from "./traceparent.ts";

describe("errors", () => {
  const TestError = defineErrors("TEST", {
    AWAY: {
      retry: "later",
      message: (d: { server: string }) => `'${d.server}' is away`,
      hint: (d: { server: string }) => `start ${d.server}`,
    },
  });

  test("carry code, retry class, message, hint, details and cause", () => {
    const cause = new Error("ECONNREFUSED");
    const error = TestError.AWAY({ server: "nats" }, cause);

    expect(error.toJSON()).toEqual({
      code: "TEST_AWAY",
      message: "'nats' is away",
      hint: "start nats",
      details: { server: "nats" },
    });
    expect(error.cause).toBe(cause);
    expect(hasCode(error, "TEST_AWAY")).toBe(true);
  });

  test("without a retry class count as bugs", () => expect(retryOf(new Error("x"))).toBe("bug"));
});

describe("backoff", () => {
  test("stays between 0 and the cap with its jitter", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const wait = backoffMs(defaultBackoff, attempt, random);
          expect(wait).toBeGreaterThanOrEqual(0);
          expect(wait).toBeLessThanOrEqual(defaultBackoff.capMs * (1 + defaultBackoff.jitter));
        },
      ),
    );
  });

  test("retries what may be retried, waits between, and gives the last error", async () => {
    const clock = new VirtualClock();
    const waits: number[] = [];
    const done = retrying(
      {
        clock,
        random: new SeededRandom(1),
        signal: new AbortController().signal,
        policy: { baseMs: 100, factor: 2, capMs: 1_000, jitter: 0 },
        attempts: 3,
        when: () => true,
        onRetry: (_error, _attempt, waitMs) => waits.push(waitMs),
      },
      async (attempt) => {
        throw new Error(`try ${attempt}`);
      },
    );
    const outcome = expect(done).rejects.toThrow("try 3");

    await clock.advanceBy(1_000);

    await outcome;
    expect(waits).toEqual([100, 200]);
    expect(clock.sleeping).toBe(0);
  });
});

describe("hashes", () => {
  test("tell parts apart by their lengths", () => expect(hashId("a", "bc")).not.toBe(hashId("ab", "c")));
  test("fnv32a has the published value", () => expect(fnv32a("foobar")).toBe(0xbf9cf968));
  test("a name suffix follows from its id", () => {
    expect(nameSuffix("x", 8)).toBe(nameSuffix("x", 8));
    expect(nameSuffix("x", 8)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{8}$/);
  });
  test("a uid has the shape of a UUID", () =>
    expect(hashUid("run", "1")).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/));
});

test("stable JSON does not depend on the order of keys", () =>
  expect(stableJson({ b: 1, a: { d: 1, c: [{ z: 1, y: 2 }] } })).toBe(
    '{"a":{"c":[{"y":2,"z":1}],"d":1},"b":1}',
  ));

describe("traceparent", () => {
  test("of a cause is valid and repeatable", () => {
    expect(isTraceparent(traceparentOf("e1"))).toBe(true);
    expect(traceparentOf("e1")).toBe(traceparentOf("e1"));
  });
  test("of a child stays in the trace", () => {
    const parent = traceparentOf("e1");
    const child = childTraceparent(parent, "step");
    expect(child.slice(0, 35)).toBe(parent.slice(0, 35));
    expect(child).not.toBe(parent);
  });
  test.each([
    "",
    "00-0-0-01",
    `00-${"0".repeat(32)}-${"1".repeat(16)}-01`,
    `01-${"1".repeat(32)}-${"1".repeat(16)}-01`,
  ])("'%s' is none", (text) => expect(isTraceparent(text)).toBe(false));
});

describe("a mailbox", () => {
  test("gives in order what was put, then ends when closed", async () => {
    const box = new Mailbox<number>();
    for (let i = 0; i < 3_000; i++) box.put(i);
    box.close();
    const seen: number[] = [];
    for await (const value of box) seen.push(value);
    expect(seen).toEqual(Array.from({ length: 3_000 }, (_, i) => i));
  });

  test("wakes its reader, and ends at once on abort", async () => {
    const stop = new AbortController();
    const box = new Mailbox<string>(stop.signal);
    const seen: string[] = [];
    const reading = (async () => {
      for await (const value of box) {
        seen.push(value);
        stop.abort();
      }
    })();
    box.put("a");
    box.put("b");
    await reading;
    expect(seen).toEqual(["a"]);
  });
});

describe("the virtual clock", () => {
  test("wakes sleepers in order of time, each with its effects done", async () => {
    const clock = new VirtualClock(0);
    const woken: string[] = [];
    const sleeper = async (name: string, at: number) => {
      await clock.sleepUntil(at);
      woken.push(`${name}@${clock.now()}`);
      if (name === "a") void sleeper("c", at + 5);
    };
    void sleeper("b", 20);
    void sleeper("a", 10);

    await clock.advanceTo(30);

    expect(woken).toEqual(["a@10", "c@15", "b@20"]);
  });
});
