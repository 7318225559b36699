import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonObject } from "@sluice/base";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { makeReferenceWriter } from "./local-references.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-references-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = (
  manifest: JsonObject,
  kind: "Secret" | "ConfigMap" = "Secret",
  name = "token",
  namespace = "default",
) => makeReferenceWriter(folder).put(kind, namespace, name, manifest);
const text = (...names: readonly string[]) => readFile(join(folder, ...names), "utf8");
const modeOf = async (...names: readonly string[]) => (await stat(join(folder, ...names))).mode & 0o777;

describe("Secrets and ConfigMaps without a cluster", () => {
  test("are files that only their owner can read, in folders that only their owner can enter", async () => {
    await put({ data: { key: Buffer.from("s3cret").toString("base64") }, stringData: { plain: "as it is" } });

    expect(await text("secrets", "default", "token", "key")).toBe("s3cret");
    expect(await text("secrets", "default", "token", "plain")).toBe("as it is");
    expect(await modeOf("secrets", "default", "token", "key")).toBe(0o600);
    for (const names of [[], ["secrets", "default", "token"]]) expect(await modeOf(...names)).toBe(0o700);
  });

  test("a ConfigMap's data is text, its binaryData base64", async () => {
    await put({ data: { text: "aGk=" }, binaryData: { bytes: "aGk=" } }, "ConfigMap", "settings");

    expect(await text("configmaps", "default", "settings", "text")).toBe("aGk=");
    expect(await text("configmaps", "default", "settings", "bytes")).toBe("hi");
  });

  test("written at once under one name are written one after the other", async () => {
    const writer = makeReferenceWriter(folder);
    const put = (value: string) => writer.put("ConfigMap", "default", "settings", { data: { key: value } });
    const wrong = writer.put("ConfigMap", "default", "settings", { data: { key: 1 } });
    await Promise.all([put("a"), put("b"), put("c"), expect(wrong).rejects.toThrow("must be a text")]);

    expect(await text("configmaps", "default", "settings", "key")).toBe("c");
  });

  test("an update leaves no key of before", async () => {
    await put({ stringData: { old: "1", kept: "1" } });
    await put({ stringData: { kept: "2" } });

    expect(await readdir(join(folder, "secrets", "default"))).toEqual(["token"]);
    expect(await readdir(join(folder, "secrets", "default", "token"))).toEqual(["kept"]);
    expect(await text("secrets", "default", "token", "kept")).toBe("2");
  });

  test.each(["../escape", "a/b", "..", ".", "", "/etc", "UPPER", "a\0b", "a\nb", "x".repeat(254)])(
    "the name %j is refused and nothing is written",
    async (name) => {
      await expect(put({ stringData: { a: "1" } }, "Secret", name)).rejects.toMatchObject({
        code: "CLI_USAGE",
      });
      await expect(put({ stringData: { a: "1" } }, "Secret", "token", name)).rejects.toMatchObject({
        code: "CLI_USAGE",
      });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test.each(["../../escape", "a/b", "..", ".", "", "__proto__", "a\nb"])(
    "the key %j is refused",
    async (key) => {
      const data = Object.fromEntries([[key, "1"]]);
      await expect(put({ stringData: data })).rejects.toMatchObject({ code: "CLI_USAGE" });
      expect(await readdir(folder)).toEqual([]);
    },
  );

  test("a value that is no text, a field that is no map, and more than a mebibyte are refused", async () => {
    for (const manifest of [
      { data: { a: 1 } },
      { data: ["a"] },
      { stringData: { a: "x".repeat(1024 * 1024 + 1) } },
    ])
      await expect(put(manifest)).rejects.toMatchObject({ code: "CLI_USAGE" });
    await put({ stringData: { a: "x".repeat(1024 * 1024) } });
  });
});
