import type { StoredEvent } from "@sluice/spec";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  emptyJoin,
  eventKey,
  type JoinPlan,
  type JoinState,
  type Matched,
  reduceJoin,
  respecify,
} from "./reduce.ts";

const and = (...names: string[]): JoinPlan => ({
  dependencies: names,
  satisfied: (filled) => names.every((n) => filled.has(n)),
});
const aAndBOrC: JoinPlan = {
  dependencies: ["a", "b", "c"],
  satisfied: (filled) => (filled.has("a") && filled.has("b")) || filled.has("c"),
};
const stored = (id: string): StoredEvent => ({
  v: 1,
  origin: { namespace: "ns", source: "src", event: id.replace(/\d+$/, "") },
  receivedAt: 0,
  event: { specversion: "1.0", id, source: "src", type: "t" },
});
/** `a1` = event 1 of dependency a. */
const arrival = (id: string, seq: number, names: readonly string[] = [id.replace(/\d+$/, "")]): Matched => ({
  event: stored(id),
  seq,
  dependencies: names.map((name) => ({ name, definition: "d" })),
});
function play(
  plan: JoinPlan,
  ids: readonly string[],
): { firings: string[][]; state: JoinState; replaced: string[] } {
  let state = emptyJoin;
  const firings: string[][] = [];
  const replaced: string[] = [];
  ids.forEach((id, i) => {
    const step = reduceJoin(plan, state, arrival(id, i + 1));
    state = step.state;
    for (const effect of step.effects) {
      if (effect.type === "fire") firings.push(effect.events.map((w) => w.event.event.id));
      else replaced.push(effect.waiting.event.event.id);
    }
  });
  return { firings, state, replaced };
}

describe("a && b", () => {
  test.each([
    ["a1 b1", [["a1", "b1"]], ""],
    ["a1 a2 a3 b1", [["a3", "b1"]], "a1 a2"],
    [
      "a1 b1 b2 a2",
      [
        ["a1", "b1"],
        ["a2", "b2"],
      ],
      "",
    ],
    ["a1 a2 b1 b2", [["a2", "b1"]], "a1"],
    ["a1 a1 a1 a1 a1 b1", [["a1", "b1"]], ""],
    ["a1 b1 a1 b1 a1", [["a1", "b1"]], ""],
    ["a1 a2 a1 b1", [["a2", "b1"]], "a1"],
  ])("%s fires %j", (arrivals, firings, replaced) => {
    const played = play(and("a", "b"), arrivals.split(" "));

    expect(played.firings).toEqual(firings);
    expect(played.replaced.join(" ")).toBe(replaced);
  });

  test("fires once with the same event under both names when it matches both", () => {
    const step = reduceJoin(and("a", "b"), emptyJoin, arrival("x1", 1, ["a", "b"]));

    expect(step.effects).toMatchObject([
      {
        type: "fire",
        events: [
          { dependency: "a", seq: 1 },
          { dependency: "b", seq: 1 },
        ],
      },
    ]);
    expect(step.state.waiting).toEqual([]);
  });

  test("an older event that comes late does not displace the newer one that waits", () => {
    const newer = reduceJoin(and("a", "b"), emptyJoin, arrival("a2", 9)).state;

    const step = reduceJoin(and("a", "b"), newer, arrival("a1", 3));

    expect(step.state.waiting).toMatchObject([{ dependency: "a", seq: 9 }]);
    expect(step.effects).toMatchObject([{ type: "replaced", waiting: { seq: 3 } }]);
  });
});

test("(a && b) || c fired by c takes and clears the waiting b, as in Argo", () => {
  const played = play(aAndBOrC, ["b1", "c1", "a1"]);

  expect(played.firings).toEqual([["b1", "c1"]]);
  expect(played.state.waiting.map((w) => w.dependency)).toEqual(["a"]);
});

describe("an edited sensor", () => {
  const waiting = reduceJoin(and("a", "b"), emptyJoin, arrival("a1", 1)).state;

  test("keeps what waits for an unchanged dependency", () => {
    expect(respecify(and("a", "b"), waiting, new Map([["a", "d"]]), () => false)).toEqual(waiting);
  });

  test("asks the new filter about what passed the old one", () => {
    const edited = new Map([["a", "d2"]]);

    expect(respecify(and("a", "b"), waiting, edited, () => false).waiting).toEqual([]);
    expect(respecify(and("a", "b"), waiting, edited, () => true).waiting).toMatchObject([
      { definition: "d2" },
    ]);
  });

  test("drops what waits for a dependency that is gone", () => {
    expect(respecify(and("b"), waiting, new Map([["b", "d"]]), () => true).waiting).toEqual([]);
  });
});

const deliveries = fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 12 })), {
  maxLength: 60,
});
const plans = fc.constantFrom(and("a", "b"), and("a", "b", "c"), aAndBOrC);

test("no order of deliveries and repeats lets an event take part in two firings", () => {
  fc.assert(
    fc.property(plans, deliveries, (plan, arrivals) => {
      const { firings } = play(
        plan,
        arrivals.map(([name, n]) => `${name}${n}`),
      );

      const used = firings.flat();
      expect(new Set(used).size).toBe(used.length);
    }),
  );
});

test("a crash between any two effects repeats the same firings and ends in the same state", () => {
  fc.assert(
    fc.property(plans, deliveries, fc.array(fc.boolean(), { maxLength: 60 }), (plan, arrivals, crashes) => {
      const ids = arrivals.map(([name, n]) => `${name}${n}`);
      const calm = play(plan, ids);
      let state = emptyJoin;
      const published = new Map<string, number>();
      ids.forEach((id, i) => {
        // Published, but the state was not stored: the delivery comes again to the old state.
        const rounds = crashes[i] === true ? 2 : 1;
        let next = state;
        for (let round = 0; round < rounds; round++) {
          const step = reduceJoin(plan, state, arrival(id, i + 1));
          next = step.state;
          for (const effect of step.effects) {
            if (effect.type === "fire") published.set(effect.events.map((w) => eventKey(w.event)).join(), 1);
          }
        }
        state = next;
        // Stored, but not acknowledged: the delivery comes again to the new state.
        if (crashes[i] === false) {
          const again = reduceJoin(plan, state, arrival(id, i + 1));
          expect(again.effects.filter((e) => e.type === "fire")).toEqual([]);
          expect(again.state).toEqual(state);
        }
      });

      expect(published.size).toBe(calm.firings.length);
      expect(state).toEqual(calm.state);
    }),
  );
});
