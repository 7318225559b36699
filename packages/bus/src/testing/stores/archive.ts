import { describe, expect, test } from "vitest";
import type { Archive, ArchiveChange, ArchiveRow } from "../../ports/archive.ts";
import type { StoresGround } from "./ground.ts";

const aRow = (name: string): ArchiveRow => ({
  v: 1,
  key: { namespace: "ns", name },
  uid: name,
  phase: "Succeeded",
  submittedAt: 1,
  startedAt: 1,
  finishedAt: 2,
  labels: {},
  causes: [],
  object: "",
});

/** The archive on any Transport. */
export function archiveConformance({ make, open }: StoresGround): void {
  test("a watch of the archive comes to the revision that the archive tells, whatever is behind it", async () => {
    await using bus = await make();
    const { archive } = open(bus);
    expect(await archive.lastRevision()).toBe(0);
    await archive.put(aRow("old"));
    const stop = new AbortController();
    let wanted: number | undefined;
    const seen: string[] = [];

    for await (const change of archive.watch(stop.signal)) {
      seen.push(change.type);
      if (change.type === "caught-up") {
        await archive.put(aRow("a"));
        await archive.bury({ namespace: "ns", name: "a" }, "a");
        await bus.keyValue("archive").put("ns.broken", "no JSON");
        wanted = await archive.lastRevision();
      } else if (change.revision === wanted) stop.abort();
    }

    expect(seen.slice(0, 2)).toEqual(["row", "caught-up"]);
    expect(seen.slice(-2)).toEqual(["tombstone", "passed"]);
  });

  test("an archive row that cannot be read hides no other, and is in quarantine", async () => {
    await using bus = await make();
    const stores = open(bus);
    await stores.archive.put(aRow("a"));
    await bus.keyValue("archive").put("ns.broken", "no JSON");
    await stores.archive.put(aRow("z"));

    for (let round = 0; round < 2; round++)
      expect((await Array.fromAsync(stores.archive.list())).map((r) => r.uid)).toEqual(["a", "z"]);

    const aside = await stores.quarantine.list("ns", 10);
    expect(aside.map(({ value }) => [value.stream, value.subject])).toEqual([["archive", "ns.broken"]]);
    expect(Buffer.from(aside[0]!.value.data, "base64").toString()).toBe("no JSON");
    expect(await stores.quarantine.list("other", 10)).toEqual([]);
    expect((await stores.quarantine.get("ns", aside[0]!.value.id))?.seq).toBe(aside[0]!.seq);
  });

  describe("claims that a run keeps", () => {
    const key = { namespace: "ns", name: "a" };
    const kept = (uid: string, claims = uid): ArchiveRow => ({ ...aRow("a"), uid, claims });

    test("are freed by its tombstone, and stay so under the next runs of the name", async () => {
      await using bus = await make();
      const { archive } = open(bus);
      await archive.put(kept("u1"));
      expect(await archive.get(key)).not.toHaveProperty("freed");
      await archive.bury(key, "u1");
      await archive.bury(key, "u1");
      expect(await archive.get(key)).toMatchObject({ deletedAt: expect.any(Number), freed: ["u1"] });

      await archive.put(kept("u2"));
      await archive.put(kept("u2"));
      expect(await archive.get(key)).toMatchObject({ uid: "u2", claims: "u2", freed: ["u1"] });
      await archive.bury(key, "u2");
      await archive.put({ ...aRow("a"), uid: "u3" });
      await archive.bury(key, "u3");

      const seen = await firstOf(archive);
      expect(seen).toMatchObject([{ type: "tombstone", key, freed: ["u1", "u2"] }]);
    });

    test("are kept over its next end, under its first uid, until a tombstone comes", async () => {
      await using bus = await make();
      const { archive } = open(bus);
      await archive.put(kept("u1"));
      await archive.put(kept("u2", "u1"));
      expect(await archive.get(key)).not.toHaveProperty("freed");
      await archive.bury(key, "u2");
      expect(await archive.get(key)).toMatchObject({ freed: ["u1"] });
    });

    test("are told of once for a name, and only of the newest 64 runs", async () => {
      await using bus = await make();
      const { archive } = open(bus);
      for (let i = 0; i < 70; i++) {
        await archive.put(kept(`u${i}`));
        await archive.bury(key, `u${i}`);
      }
      const freed = Array.from({ length: 64 }, (_, i) => `u${i + 6}`);
      expect(await archive.get(key)).toMatchObject({ freed });
    });
  });
}

/** What a watch shows before it has caught up. */
async function firstOf(archive: Archive): Promise<readonly ArchiveChange[]> {
  const stop = new AbortController();
  const seen: ArchiveChange[] = [];
  for await (const change of archive.watch(stop.signal))
    if (change.type === "caught-up") stop.abort();
    else seen.push(change);
  return seen;
}
