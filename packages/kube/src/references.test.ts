import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fileReferences } from "./file-references.ts";
import { kubeReferences } from "./kube-references.ts";
import { resources } from "./object.ts";
import type { References } from "./references.ts";
import { FakeKube } from "./testing/fake-kube.ts";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "references-"));
  for (const folder of ["secrets", "configmaps"]) {
    await mkdir(join(dir, folder, "ci", "db"), { recursive: true });
    await writeFile(join(dir, folder, "ci", "db", "token"), "geheim\n");
  }
  await writeFile(join(dir, "outside"), "outside");
});
afterAll(() => rm(dir, { recursive: true }));

const kinds: Record<string, () => Promise<References>> = {
  "from files": async () => fileReferences(dir),
  "from the cluster": async () => {
    const kube = new FakeKube();
    const metadata = { name: "db", namespace: "ci" };
    const data = { token: Buffer.from("geheim\n").toString("base64") };
    await kube.create(resources.secrets, { metadata, data });
    await kube.create(resources.configMaps, { metadata, data: { token: "geheim\n" } });
    return kubeReferences(kube);
  },
};

describe.each(Object.entries(kinds))("references %s", (_name, make) => {
  test("give the bytes as they are", async () => {
    const references = await make();
    expect(Buffer.from((await references.secret("ci", "db", "token")) ?? []).toString()).toBe("geheim\n");
    expect(await references.configMap("ci", "db", "token")).toBe("geheim\n");
  });

  test("list the keys of an object, and undefined for one that does not exist", async () => {
    const references = await make();
    expect(await references.keys?.("secret", "ci", "db")).toContain("token");
    expect(await references.keys?.("configMap", "ci", "db")).toContain("token");
    expect(await references.keys?.("secret", "ci", "none")).toBeUndefined();
  });

  test("give undefined for what does not exist, own properties only", async () => {
    const references = await make();
    expect(await references.secret("ci", "none", "token")).toBeUndefined();
    expect(await references.secret("ci", "db", "none")).toBeUndefined();
    expect(await references.configMap("ci", "db", "constructor")).toBeUndefined();
  });
});

test.each(["..", ".", "../../outside", "a/b", "", "a\0b"])(
  "a name like '%s' never leaves the folder",
  async (name) => {
    const references = fileReferences(dir);
    await expect(references.secret("ci", "db", name)).rejects.toMatchObject({ code: "KUBE_REFERENCE_NAME" });
    await expect(references.configMap(name, "db", "token")).rejects.toMatchObject({
      code: "KUBE_REFERENCE_NAME",
    });
  },
);
