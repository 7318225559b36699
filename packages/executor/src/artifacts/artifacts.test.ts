import { execFileSync } from "node:child_process";
import {
  createReadStream,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { type ArtifactStore, makeMemoryTransport, openStores } from "@sluice/bus";
import type { ArtifactInput, ArtifactOutput, StepRequest } from "@sluice/engine";
import { pack } from "tar-stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fetchArtifact } from "./fetch.ts";
import { defaultArtifactLimits } from "./limits.ts";
import { saveArtifacts } from "./save.ts";

let dir: string;
let store: ArtifactStore;
let limits = defaultArtifactLimits;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "sluice-artifacts-"));
  const clock = new VirtualClock(1_000);
  store = openStores(makeMemoryTransport({ clock }), { clock, log: silentLogger }).artifacts;
  limits = defaultArtifactLimits;
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const anOutput = (archive: ArtifactOutput["archive"], key = "wf/out"): ArtifactOutput => ({
  name: "out",
  path: "/x/out",
  key,
  archive,
  optional: false,
});
const aStep = (...outputs: readonly ArtifactOutput[]): StepRequest =>
  ({
    id: "s",
    run: { namespace: "ns", name: "wf", uid: "u" },
    artifacts: { inputs: [], outputs },
  }) as unknown as StepRequest;
const anInput = (more: Partial<ArtifactInput> = {}): ArtifactInput => ({
  name: "in",
  path: "/in",
  source: { kind: "key", key: "wf/out" },
  optional: false,
  ...more,
});

/** What the step's tar program leaves. */
function rawTarOf(path: string) {
  const tar = join(dir, "raw.tar");
  execFileSync("tar", ["-C", join(path, ".."), "-cf", tar, "--", path.slice(path.lastIndexOf("/") + 1)]);
  return () => ({ path: tar, failure: undefined });
}
const save = (path: string, output: ArtifactOutput) =>
  saveArtifacts({ store, limits }, aStep(output), rawTarOf(path), join(dir, "scratch"));
const bring = (input: ArtifactInput = anInput()) =>
  fetchArtifact({ store, limits }, "ns", input, join(dir, "in"));

function aFolder(): string {
  const folder = join(dir, "made", "out");
  mkdirSync(join(folder, "sub", "empty"), { recursive: true });
  writeFileSync(join(folder, "a.txt"), "A");
  writeFileSync(join(folder, "sub", "b c.sh"), "#!/bin/sh\n", { mode: 0o755 });
  symlinkSync("../a.txt", join(folder, "sub", "link"));
  symlinkSync("/etc/passwd", join(folder, "out-link"));
  return folder;
}
function aFile(text = "hello world\n"): string {
  mkdirSync(join(dir, "made"), { recursive: true });
  writeFileSync(join(dir, "made", "out"), text);
  return join(dir, "made", "out");
}
const list = (root: string): readonly string[] => (readdirSync(root, { recursive: true }) as string[]).sort();

describe.each(["none", "tar", "zip"] as const)("an artifact kept as %s", (kind) => {
  const form = { kind } as const;
  // A zip is not told from a file by itself, as in Argo; a tar is.
  const asKind = kind === "zip" ? { archive: "zip" as const } : {};

  test("gives a file back", async () => {
    expect((await save(aFile(), anOutput(form))).artifacts["out"]).toMatchObject({ key: "wf/out" });

    const path = (await bring(anInput(asKind))) ?? "";

    expect(readFileSync(path, "utf8")).toBe("hello world\n");
  });

  test("gives a folder back, with empty folders, permissions, and links as links", async () => {
    const folder = aFolder();
    expect((await save(folder, anOutput(form))).unsaved).toEqual({});

    const path = (await bring(anInput(asKind))) ?? "";

    expect(list(path)).toEqual(list(folder));
    expect(lstatSync(join(path, "sub", "b c.sh")).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(path, "sub", "link"))).toBe("../a.txt");
    expect(readlinkSync(join(path, "out-link"))).toBe("/etc/passwd");
  });

  test("is the same when it is saved again", async () => {
    const folder = aFolder();
    const first = await save(folder, anOutput(form));

    expect(await save(folder, anOutput(form))).toEqual(first);
  });

  test("gives a part of itself", async () => {
    await save(aFolder(), anOutput(form));

    const path = (await bring(anInput({ ...asKind, subPath: "sub/b c.sh" }))) ?? "";

    expect(readFileSync(path, "utf8")).toBe("#!/bin/sh\n");
    await expect(bring(anInput({ ...asKind, subPath: "sub/none" }))).rejects.toMatchObject({
      code: "LOCAL_ARTIFACT_MISSING",
    });
  });
});

describe("keys", () => {
  test("of a folder kept file by file name its files too", async () => {
    await save(aFolder(), anOutput({ kind: "none" }));

    const path = (await bring(anInput({ source: { kind: "key", key: "wf/out/a.txt" } }))) ?? "";

    expect(readFileSync(path, "utf8")).toBe("A");
  });

  test("where nothing lies are an error, or nothing when the input is optional", async () => {
    await expect(bring()).rejects.toMatchObject({ code: "LOCAL_ARTIFACT_MISSING" });
    expect(await bring(anInput({ optional: true }))).toBeUndefined();
  });

  test("raw data comes with its permissions", async () => {
    const path = (await bring(anInput({ source: { kind: "raw", data: "text" }, mode: 0o751 }))) ?? "";

    expect(readFileSync(path, "utf8")).toBe("text");
    expect(lstatSync(path).mode & 0o777).toBe(0o751);
  });
});

describe("bounds", () => {
  test("an output larger than the limit is told by name, and nothing is stored", async () => {
    limits = { maxBytes: 20_000, maxEntries: 10 };
    const { artifacts, unsaved } = await save(aFile("x".repeat(30_000)), anOutput({ kind: "tar" }));

    expect(artifacts).toEqual({});
    expect(unsaved["out"]).toMatch(/more than 20000 B/);
    expect(await store.find("ns", "wf/out")).toBeUndefined();
  });

  test("an archive that unpacks to more than the limit stops there", async () => {
    await save(aFile("x".repeat(5_000_000)), anOutput({ kind: "tar" }));
    limits = { maxBytes: 1_000_000, maxEntries: 10 };

    await expect(bring()).rejects.toMatchObject({ code: "LOCAL_ARTIFACT_TOO_LARGE" });
  });

  test("so does one with more entries", async () => {
    await save(aFolder(), anOutput({ kind: "tar" }));
    limits = { maxBytes: 1_000_000, maxEntries: 3 };

    await expect(bring()).rejects.toMatchObject({ code: "LOCAL_ARTIFACT_TOO_LARGE" });
  });
});

describe("hostile archives", () => {
  async function store_(
    entries: readonly {
      name: string;
      type?: "file" | "symlink" | "link" | "directory";
      linkname?: string;
      text?: string;
    }[],
  ) {
    const tar = pack();
    for (const { text, ...header } of entries) tar.entry(header, text ?? "");
    tar.finalize();
    const path = join(dir, "evil.tgz");
    const { createWriteStream } = await import("node:fs");
    await pipeline(tar as never, createGzip(), createWriteStream(path));
    await store.put({ namespace: "ns", key: "wf/out", owner: "u" }, () => createReadStream(path));
  }

  test.each([
    ["climb out by their names", [{ name: "../../evil", text: "x" }]],
    ["have absolute names", [{ name: "/tmp/sluice-evil", text: "x" }]],
    ["hard-link to a file outside", [{ name: "a", type: "link" as const, linkname: "../../../etc/passwd" }]],
  ])("that %s are refused", async (_what, entries) => {
    await store_(entries);

    await expect(bring()).rejects.toMatchObject({ code: "LOCAL_ARTIFACT_UNSAFE" });
    expect(existsSync(join(dir, "evil"))).toBe(false);
  });

  test("that write through a link of theirs write nowhere else", async () => {
    const outside = join(dir, "outside");
    mkdirSync(outside);
    await store_([
      { name: "d", type: "symlink", linkname: outside },
      { name: "d/evil", text: "x" },
    ]);

    await expect(bring()).rejects.toMatchObject({ code: "LOCAL_ARTIFACT_UNSAFE" });
    expect(readdirSync(outside)).toEqual([]);
  });

  test("that lead a part outside by a link are refused", async () => {
    await store_([
      { name: "out", type: "directory" },
      { name: "out/l", type: "symlink", linkname: "/etc" },
      { name: "out/f", text: "" },
    ]);

    await expect(bring(anInput({ subPath: "l/passwd" }))).rejects.toMatchObject({
      code: "LOCAL_ARTIFACT_UNSAFE",
    });
  });

  test("that are cut off are said to be broken", async () => {
    await save(aFile("x".repeat(100_000)), anOutput({ kind: "tar" }));
    const found = await store.find("ns", "wf/out");
    const parts: Uint8Array[] = [];
    if (found !== undefined) for await (const part of store.read(found)) parts.push(part);
    const whole = Buffer.concat(parts);
    await store.put({ namespace: "ns", key: "wf/out", owner: "u" }, async function* () {
      yield whole.subarray(0, whole.length - 20);
    });

    await expect(bring(anInput({ archive: "tar" }))).rejects.toMatchObject({ code: "LOCAL_ARTIFACT_BROKEN" });
  });
});
