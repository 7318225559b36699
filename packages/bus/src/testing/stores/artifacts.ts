import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { ArtifactStore, StoredArtifact } from "../../ports/artifacts.ts";
import type { StoresGround } from "./ground.ts";

const of = (content: Uint8Array) =>
  async function* () {
    for (let from = 0; from < content.length; from += 100_000) yield content.subarray(from, from + 100_000);
  };
const text = (content: string) => of(Buffer.from(content));
const at = (key: string, owner = "u1") => ({ namespace: "ns", key, owner });

async function contentOf(store: ArtifactStore, artifact: StoredArtifact | undefined): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  if (artifact === undefined) throw new Error("nothing lies there");
  for await (const part of store.read(artifact)) parts.push(part);
  return Buffer.concat(parts);
}
async function keysUnder(store: ArtifactStore, key: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const artifact of store.list("ns", key)) keys.push(artifact.key);
  return keys.sort();
}

/** The artifact repository on any Transport. */
export function artifactsConformance({ make, open }: StoresGround): void {
  test("small and large files come back byte for byte, with their hash", async () => {
    await using bus = await make();
    const { artifacts } = open(bus);
    for (const size of [0, 5, 16 * 1_024, 16 * 1_024 + 1, 1_000_000]) {
      const content = Buffer.alloc(size, "abc ");
      const hash = createHash("sha256").update(content).digest("hex");

      expect(await artifacts.put(at(`f/${size}.bin`), of(content))).toEqual({ bytes: size, hash });

      const found = await artifacts.find("ns", `f/${size}.bin`);
      expect(found).toMatchObject({ key: `f/${size}.bin`, bytes: size, hash, owner: "u1", kind: "file" });
      expect((await contentOf(artifacts, found)).equals(content)).toBe(true);
    }
  });

  test("what is written last lies there, and content that was written over is let go", async () => {
    await using bus = await make();
    const { artifacts } = open(bus);
    await artifacts.put(at("k"), of(Buffer.alloc(50_000, "1")));
    const before = await artifacts.find("ns", "k");
    await artifacts.put(at("k"), of(Buffer.alloc(50_000, "2")));

    const now = await artifacts.find("ns", "k");

    expect((await contentOf(artifacts, now)).toString("utf8")).toBe("2".repeat(50_000));
    expect(now?.hash).not.toBe(before?.hash);
  });

  test("the same content of two keys is stored once", async () => {
    await using bus = await make();
    const { artifacts } = open(bus);
    let reads = 0;
    const content = Buffer.alloc(300_000, "x");
    async function* counting() {
      reads += 1;
      yield* of(content)();
    }
    await artifacts.put(at("a"), of(content));
    await artifacts.put(at("b"), counting);

    expect(reads).toBe(1);
    expect((await contentOf(artifacts, await artifacts.find("ns", "b"))).length).toBe(300_000);
  });

  test("a key lists what lies under it, names being whole", async () => {
    await using bus = await make();
    const { artifacts } = open(bus);
    for (const key of ["d/a.json", "d/sub/b c.json", "d2/x", "d"]) await artifacts.put(at(key), text(key));
    await artifacts.mark(at("d/empty"), { kind: "folder" });
    await artifacts.mark(at("d/link"), { kind: "link", target: "a.json" });

    expect(await keysUnder(artifacts, "d")).toEqual(["d/a.json", "d/empty/", "d/link", "d/sub/b c.json"]);
    expect(await keysUnder(artifacts, "d/sub/")).toEqual(["d/sub/b c.json"]);
    expect(await keysUnder(artifacts, "")).toHaveLength(6);
    expect(await artifacts.find("other", "d")).toBeUndefined();
  });

  test("removing a key takes what its owner has there and under it, and nothing else", async () => {
    await using bus = await make();
    const { artifacts } = open(bus);
    await artifacts.put(at("wf/a"), text("a"));
    await artifacts.put(at("wf/b", "u2"), text("b"));
    await artifacts.put(at("wf2"), text("c"));

    await artifacts.remove("ns", "wf", "u1");

    expect(await keysUnder(artifacts, "")).toEqual(["wf/b", "wf2"]);
  });

  test("keys that are no plain path are refused", async () => {
    await using bus = await make();
    const { artifacts } = open(bus);
    for (const key of ["", "a//b", "../a", "a/./b", "x".repeat(1_025)])
      await expect(artifacts.put(at(key), text(""))).rejects.toMatchObject({ code: "BUS_ARTIFACT_KEY" });
  });
}
