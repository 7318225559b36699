import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { preferredOwner, shardOf } from "./assignment.ts";
import { emptyTable, planShards, withOwners } from "./plan.ts";
import { type Beat, ShardView } from "./view.ts";

const beat: Beat = { v: 1, isRegular: true };
const never = () => false;
const shards = Array.from({ length: 64 }, (_, shard) => shard);

describe("who should have a shard", () => {
  test("is spread over the members, and moves only by those that come or go", () => {
    const owners = (members: readonly string[]) => shards.map((shard) => preferredOwner(shard, members));
    const three = owners(["host-a1", "host-b2", "host-c3"]);
    for (const member of ["host-a1", "host-b2", "host-c3"])
      expect(three.filter((owner) => owner === member).length).toBeGreaterThan(10);

    const two = owners(["host-c3", "host-a1"]);
    three.forEach((owner, shard) => {
      if (owner !== "host-b2") expect(two[shard]).toBe(owner);
    });
    expect(preferredOwner(0, [])).toBeUndefined();
  });

  test("runs are spread over the shards", () => {
    const counts = Array<number>(64).fill(0);
    for (let i = 0; i < 6_400; i++) {
      const shard = shardOf(`0190${i.toString(16).padStart(28, "0")}`, 64);
      counts[shard] = (counts[shard] ?? 0) + 1;
    }
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(160);
  });
});

describe("a member is silent", () => {
  const view = () => {
    const seen = new ShardView("me");
    seen.beat("me", beat, 1);
    seen.beat("other", beat, 2);
    return seen;
  };

  test("after three of our own regular beats, and lives again with its next", () => {
    const seen = view();
    seen.beat("me", beat, 3);
    seen.beat("me", { ...beat, isRegular: false }, 4);
    seen.beat("me", beat, 5);
    expect(seen.live(never)).toEqual(["me", "other"]);
    seen.beat("me", beat, 6);
    expect(seen.live(never)).toEqual(["me"]);
    seen.beat("other", beat, 7);
    expect(seen.live(never)).toEqual(["me", "other"]);
  });

  test("at once when its process is gone, and never by itself for us", () => {
    const seen = view();
    seen.beat("other", { ...beat, process: "p1" }, 3);
    expect(seen.live((process) => process === "p1")).toEqual(["me"]);
  });

  test("not by an older entry that is seen late", () => {
    const seen = view();
    for (const revision of [3, 5, 6]) seen.beat("me", beat, revision);
    seen.beat("other", beat, 2);
    expect(seen.live(never)).toEqual(["me"]);
  });
});

test("whatever members come, go and die, each in turn following its plan leaves every shard with who should have it", () => {
  const members = fc.uniqueArray(fc.constantFrom("a", "b", "c", "d", "e"), { minLength: 1 });
  fc.assert(
    fc.property(fc.array(members, { minLength: 1, maxLength: 6 }), (epochs) => {
      let table = emptyTable(16);
      for (const live of epochs) {
        for (let round = 0; round < 2; round++)
          for (const self of live) {
            const { take, give } = planShards(table, self, live);
            for (const shard of take) expect(live).not.toContain(table.owners[shard]);
            for (const shard of give.keys()) expect(table.owners[shard]).toBe(self);
            table = withOwners(table, new Map([...give, ...take.map((shard) => [shard, self] as const)]));
          }
        expect(table.owners).toEqual(table.owners.map((_, shard) => preferredOwner(shard, live)));
      }
    }),
  );
});
