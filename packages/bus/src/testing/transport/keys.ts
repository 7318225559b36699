import { expect, test } from "vitest";
import type { Transport } from "../../ports/transport.ts";
import { never } from "../endless.ts";
import { text } from "./text.ts";

/** Buckets of keys, and the object store. */
export function keysConformance(make: () => Promise<Transport>): void {
  test("a key is made once, changed at its revision, deleted, and free again", async () => {
    await using bus = await make();
    const locks = bus.keyValue("locks");
    const first = await locks.create("a.b", "1");
    await expect(locks.create("a.b", "2")).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE" });
    const second = await locks.update("a.b", "2", first);
    await expect(locks.update("a.b", "3", first)).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE" });
    await expect(locks.delete("a.b", first)).rejects.toMatchObject({ code: "BUS_WRONG_SEQUENCE" });
    expect(text((await locks.get("a.b"))!.value)).toBe("2");

    await locks.delete("a.b", second);
    expect(await locks.get("a.b")).toBeUndefined();
    expect(await Array.fromAsync(locks.entries(">"))).toEqual([]);
    expect(await locks.create("a.b", "4")).toBeGreaterThan(second);
  });

  test("a watch gives what is there, `caught-up`, then changes and deletions", async () => {
    await using bus = await make();
    const kv = bus.keyValue("resources");
    await kv.put("x.1", "a");
    await kv.put("x.1", "b");
    await kv.put("y.1", "other");
    const seen: string[] = [];

    for await (const change of kv.watch("x.*", never())) {
      seen.push(change.type === "put" ? text(change.entry.value) : change.type);
      if (change.type === "caught-up") {
        await kv.put("x.2", "c");
        await kv.delete("x.1");
      }
      if (change.type === "delete") break;
    }

    expect(seen).toEqual(["b", "caught-up", "c", "delete"]);
  });

  test("an object larger than a message comes back byte for byte under its hash", async () => {
    await using bus = await make();
    const content = new Uint8Array(700_001).map((_, i) => (i * 31) % 251);
    const { hash } = await bus.objects().put(content);
    expect(await bus.objects().put(content)).toEqual({ hash });
    expect(Buffer.from((await bus.objects().get(hash))!).equals(content)).toBe(true);
    await bus.objects().delete(hash);
    expect(await bus.objects().get(hash)).toBeUndefined();
    expect(await bus.objects().get("no hash")).toBeUndefined();
  });
}
