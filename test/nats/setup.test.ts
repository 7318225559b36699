import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
// @ts-expect-error a plain JavaScript module: it must run on the older Node before anything is set up
import { ensureNatsServer } from "../../scripts/setup/nats-server.mjs";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-ladder-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const target = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
const env = () => ({ PATH: "", HOME: folder });

test("an archive whose checksum is not the pinned one is refused, and the error says what to do", async () => {
  const name = `nats-server-v9.9.9-${target}`;
  await mkdir(join(folder, "v9.9.9"));
  await writeFile(join(folder, "v9.9.9", `${name}.tar.gz`), "tampered");
  const release = { version: "9.9.9", base: `file://${folder}`, sha256: { [target]: "00" } };
  const found = createHash("sha256").update("tampered").digest("hex");

  const bringing = ensureNatsServer({ cacheDir: join(folder, "cache"), env: env(), release, suites: [] });

  await expect(bringing).rejects.toThrow(`its SHA-256 is ${found}, pinned is 00`);
  await expect(bringing).rejects.toThrow("SLUICE_NATS_SERVER");
});

test("a release server that says no is passed over at once", async () => {
  await using server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const release = { version: "9.9.9", base: `http://127.0.0.1:${port}`, sha256: { [target]: "00" } };
  const said: string[] = [];
  const say = (line: string) => said.push(line);
  await expect(ensureNatsServer({ cacheDir: folder, env: env(), release, suites: [], say })).rejects.toThrow(
    "answered 404",
  );
  expect(said.join("\n")).toContain("fetching nats-server 9.9.9");
});

test("an explicit setting is used or refused, never passed over", async () => {
  const path = join(folder, "nats-server");
  await writeFile(path, "#!/bin/sh\necho 'nats-server: v2.9.10'\n", { mode: 0o755 });
  const set = { ...env(), SLUICE_NATS_SERVER: path };
  await expect(ensureNatsServer({ cacheDir: folder, env: set })).rejects.toThrow("is version 2.9.10");
  await writeFile(path, (await readFile(path, "utf8")).replace("2.9.10", "2.11.0"));
  expect(await ensureNatsServer({ cacheDir: folder, env: set })).toEqual({
    path,
    version: "2.11.0",
    rung: "setting",
  });
});
