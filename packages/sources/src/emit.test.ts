import { SeededRandom } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { EventLog, Trail } from "@sluice/bus";
import type { StoredEvent, TrailRecord } from "@sluice/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeEmit } from "./emit.ts";
import { compileFilter } from "./filter.ts";
import { maxJsonDepth, parseJsonBytes } from "./json-body.ts";

const origin = { namespace: "default", source: "webhook", event: "example" };

function anEmit(expression?: string) {
  const steps: string[] = [];
  const published: StoredEvent[] = [];
  const records: TrailRecord[] = [];
  const events = {
    async publish(event: StoredEvent) {
      steps.push("publish");
      const duplicate = published.some((p) => p.event.id === event.event.id);
      published.push(event);
      return { seq: published.length, duplicate };
    },
  } as Partial<EventLog> as EventLog;
  const trail = {
    record: async (record: TrailRecord) => void records.push(record),
  } as Partial<Trail> as Trail;
  const failpoints = { reach: (name: string) => void steps.push(name) };
  const clock = new VirtualClock(Date.UTC(2026, 0, 2));
  const filter = compileFilter(expression);
  const emit = makeEmit({
    origin,
    kind: "webhook",
    filter,
    events,
    trail,
    clock,
    random: new SeededRandom(7),
    failpoints,
  });
  return { emit, steps, published, records };
}

describe("emit", () => {
  test("stores a CloudEvent with Argo's attributes and a trace of its own", async () => {
    const { emit, published } = anEmit();

    const emitted = await emit({ id: "d1", data: { body: 1 } });

    expect(emitted).toEqual({ id: "d1", outcome: "stored" });
    expect(published).toEqual([
      {
        v: 1,
        origin,
        receivedAt: Date.UTC(2026, 0, 2),
        event: {
          specversion: "1.0",
          id: "d1",
          source: "webhook",
          type: "webhook",
          subject: "example",
          time: "2026-01-02T00:00:00.000Z",
          datacontenttype: "application/json",
          data: { body: 1 },
          traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
        },
      },
    ]);
  });

  test("keeps a good traceparent and replaces a broken one", async () => {
    const { emit, published } = anEmit();
    const good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await emit({ traceparent: good });
    await emit({ traceparent: "00-zz" });
    expect(published[0]?.event.traceparent).toBe(good);
    expect(published[1]?.event.traceparent).toMatch(/^00-/);
  });

  test("says which ids were stored before, and gives random ones where there is no cause", async () => {
    const { emit } = anEmit();
    await emit({ id: "d1" });
    expect(await emit({ id: "d1" })).toEqual({ id: "d1", outcome: "duplicate" });
    const [a, b] = [await emit({}), await emit({})];
    expect(a.id).not.toBe(b.id);
  });

  test("passes the failpoints on both sides of the publish", async () => {
    const { emit, steps } = anEmit();
    await emit({ id: "d1" });
    expect(steps).toEqual(["source.accepted", "publish", "source.published"]);
  });
});

describe("a source's filter", () => {
  test("lets through what it says, over keys with dashes and dots", async () => {
    const { emit, published } = anEmit("body.action == 'opened' && x_y == 1 && a.b == 2");
    const emitted = await emit({ data: { body: { action: "opened" }, "x-y": 1, "a.b": 2 } });
    expect(emitted.outcome).toBe("stored");
    expect(published).toHaveLength(1);
  });

  test.each([
    ["says no", "body.n > 4", { body: { n: 3 } }, { left: false }],
    [
      "gives no boolean",
      "body.n",
      { body: { n: 3 } },
      { error: "the expression gave no boolean but a number" },
    ],
    ["cannot be evaluated", "body.n > 4", { body: { n: "x" } }, { error: expect.any(String) }],
    ["has no object to look at", "body.n > 4", [1], { error: "the event's data is no JSON object" }],
  ])("leaves a record instead of an event when it %s", async (_, expression, data, check) => {
    const { emit, published, records } = anEmit(expression);

    const emitted = await emit({ id: "d1", data });

    expect(emitted).toEqual({ id: "d1", outcome: "filtered" });
    expect(published).toEqual([]);
    expect(records).toMatchObject([
      {
        type: "source-filtered",
        cause: { ...origin, id: "d1" },
        checks: [{ subject: expression, passed: false, ...check }],
      },
    ]);
  });

  test("that is no expression is refused when it is compiled", () => {
    expect(() => compileFilter("body.id ==")).toThrow(
      expect.objectContaining({ code: "SOURCE_FILTER_INVALID" }),
    );
  });
});

describe("JSON from outside", () => {
  const parse = (text: string) => parseJsonBytes(new TextEncoder().encode(text));

  test("reads back every value that JSON can write", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 8 }), (value) => {
        const text = JSON.stringify(value);
        const parsed = parse(text);
        expect(parsed.ok).toBe(true);
        const kept = (v: unknown): unknown =>
          JSON.parse(JSON.stringify(v), (_, n) =>
            typeof n === "number" && Number.isInteger(n) && !Number.isSafeInteger(n) ? String(n) : n,
          );
        if (parsed.ok && !/\d{16}|e\+/.test(text)) expect(parsed.value).toEqual(kept(value));
      }),
    );
  });

  test("is refused one level beyond the depth, whatever its strings hold", () => {
    const nested = (depth: number) => `${"[".repeat(depth)}"]]\\"["${"]".repeat(depth)}`;
    expect(parse(nested(maxJsonDepth)).ok).toBe(true);
    expect(parse(nested(maxJsonDepth + 1))).toMatchObject({
      ok: false,
      reason: expect.stringContaining("deep"),
    });
  });

  test("passes over a byte order mark and keeps lone surrogates and NUL as escapes", () => {
    expect(parse('\ufeff{"a":"\\ud800\\u0000"}')).toEqual({ ok: true, value: { a: "\ud800\0" } });
  });
});
