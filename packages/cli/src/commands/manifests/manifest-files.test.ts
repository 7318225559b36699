import { mkdir, mkdtemp, rm, symlink, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listManifestFiles, readBounded, readManifestFiles } from "./manifest-files.ts";

let folder: string;
const path = (...names: readonly string[]): string => join(folder, ...names);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-files-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("manifests named on the command line", () => {
  test("a folder gives its YAML and JSON files by name, and those of its folders; hidden folders stay out", async () => {
    await mkdir(path("b"));
    await mkdir(path(".git"));
    for (const name of ["z.yml", "a.yaml", "b/c.json", "notes.txt", ".git/config.yaml"])
      await writeFile(path(name), "x");

    expect(await listManifestFiles(folder)).toEqual([path("a.yaml"), path("b", "c.json"), path("z.yml")]);
    expect(await listManifestFiles(path("notes.txt"))).toEqual([path("notes.txt")]);
  });

  test("links inside a folder are not followed, so that it gives only what is in it, and ends", async () => {
    await writeFile(path("a.yaml"), "x");
    await symlink("/etc/passwd", path("secret.yaml"));
    await symlink(folder, path("loop"));

    expect(await listManifestFiles(folder)).toEqual([path("a.yaml")]);
  });

  test("come in the order in which they were named", async () => {
    await writeFile(path("a.yaml"), "one");
    await writeFile(path("b.yaml"), "two");

    expect(await readManifestFiles([path("b.yaml"), path("a.yaml")])).toEqual([
      { file: path("b.yaml"), text: "two" },
      { file: path("a.yaml"), text: "one" },
    ]);
  });

  test("one byte too many is refused before it is read, with both sizes", async () => {
    await writeFile(path("big.yaml"), "");
    await truncate(path("big.yaml"), 4 * 1024 * 1024);
    expect(await readBounded(path("big.yaml"))).toHaveLength(4 * 1024 * 1024);
    await truncate(path("big.yaml"), 4 * 1024 * 1024 + 1);

    await expect(readBounded(path("big.yaml"))).rejects.toThrow(
      "it is 4194305 bytes, at most 4194304 are read",
    );
  });

  test("more files than a call may have are refused", async () => {
    await writeFile(path("a.yaml"), "x");
    const often = Array.from({ length: 2_001 }, () => path("a.yaml"));

    await expect(readManifestFiles(often)).rejects.toThrow("more than 2000 files at once");
  });

  test("what is not there, and a folder without manifests, are told apart", async () => {
    await expect(readManifestFiles([path("nosuch.yaml")])).rejects.toThrow("there is no such file or folder");
    await expect(readManifestFiles([folder])).rejects.toMatchObject({ code: "CLI_NOTHING_FOUND" });
    await expect(readBounded(folder)).rejects.toThrow("it is a folder");
  });
});
