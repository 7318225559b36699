import { VirtualClock } from "@sluice/base/testing";
import { beforeEach, describe, expect, test } from "vitest";
import { Standbys } from "./standbys.ts";

describe("what is kept ready", () => {
  let clock = new VirtualClock();
  let givenBack: string[] = [];
  let broken = new Set<string>();
  const standbys = (first: "oldest" | "newest") =>
    new Standbys<string>({
      max: 2,
      keepMs: 1_000,
      first,
      clock,
      isUsable: (value) => !broken.has(value),
      giveBack: async (value) => void givenBack.push(value),
    });
  beforeEach(() => {
    clock = new VirtualClock();
    givenBack = [];
    broken = new Set();
  });

  test("is taken once, in the order that was chosen", () => {
    for (const [first, order] of [
      ["oldest", ["a", "b", undefined]],
      ["newest", ["b", "a", undefined]],
    ] as const) {
      const kept = standbys(first);
      void kept.put("a");
      void kept.put("b");

      expect([kept.take(), kept.take(), kept.take()]).toEqual(order);
    }
    expect(givenBack).toEqual([]);
  });

  test("is given back when there are enough, when its time is over, and when it cannot be used any more", async () => {
    const kept = standbys("oldest");
    void kept.put("a");
    await clock.advanceTo(600);
    void kept.put("b");
    void kept.put("one too many");
    expect(givenBack).toEqual(["one too many"]);

    await clock.advanceTo(1_000);
    expect(givenBack).toEqual(["one too many", "a"]);

    broken.add("b");
    expect(kept.take()).toBeUndefined();
    expect(givenBack).toEqual(["one too many", "a", "b"]);
  });

  test("is given back when all ends, and leaves no timer", async () => {
    const kept = standbys("newest");
    void kept.put("a");
    await kept[Symbol.asyncDispose]();
    void kept.put("b");

    expect(givenBack).toEqual(["a", "b"]);
    expect(kept.take()).toBeUndefined();
    expect(clock.sleeping).toBe(0);
  });
});
