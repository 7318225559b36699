import { createGzip } from "node:zlib";
import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { type ArtifactStore, makeMemoryTransport, openStores } from "@sluice/bus";
import type { ArtifactInput, StepRequest } from "@sluice/engine";
import { pack } from "tar-stream";
import { beforeEach, expect, test } from "vitest";
import { manifestOf } from "./manifest-from.ts";

const clock = new VirtualClock(0);
const step = { run: { namespace: "ns", name: "wf", uid: "u" } } as unknown as StepRequest;
const manifest = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: '{{x}}'}\n";
const json = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "c" }, data: { a: "{{x}}" } };

let store: ArtifactStore;
beforeEach(() => {
  store = openStores(makeMemoryTransport({ clock }), { clock, log: silentLogger }).artifacts;
});

const input = (source: ArtifactInput["source"], more: Partial<ArtifactInput> = {}): ArtifactInput => ({
  name: "m",
  path: "/tmp/m",
  source,
  optional: false,
  ...more,
});
const key = { kind: "key", key: "wf/m" } as const;
const put = (content: AsyncIterable<Uint8Array>) =>
  store.put({ namespace: "ns", key: "wf/m", owner: "u" }, () => content);
async function* bytes(text: string) {
  yield Buffer.from(text);
}

test("raw data is the manifest, and no tag in it is looked at", async () => {
  expect(await manifestOf(input({ kind: "raw", data: manifest }), { step }, undefined)).toEqual(json);
});

test("a file of the repository is the manifest", async () => {
  await put(bytes(manifest));

  expect(await manifestOf(input(key), { step }, store)).toEqual(json);
});

test("a packed file is unpacked", async () => {
  const tar = pack();
  tar.entry({ name: "m" }, manifest);
  tar.finalize();
  const packed = await Array.fromAsync(tar.pipe(createGzip()));
  await put(bytesOf(packed));

  expect(await manifestOf(input(key), { step }, store)).toEqual(json);
});

test.each([
  ["a folder", "wf", "is a folder"],
  ["nothing", "wf/none", "none"],
])("%s at the key is said", async (_, at, said) => {
  await put(bytes(manifest));
  await expect(manifestOf(input({ kind: "key", key: at }), { step }, store)).rejects.toThrow(said);
});

test("without a repository it says so", async () => {
  await expect(manifestOf(input(key), { step }, undefined)).rejects.toThrow("no artifact repository");
});

async function* bytesOf(chunks: readonly unknown[]) {
  yield* chunks as readonly Uint8Array[];
}
