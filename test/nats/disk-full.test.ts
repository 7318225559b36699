// A small file system as the data folder: what a full disk does, and that nobody has to help afterwards.
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError, silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { connectJetStream, startEmbeddedServer } from "@sluice/bus";
import { locateForTests } from "@sluice/bus/testing";
import { expect, onTestFinished, test } from "vitest";

const deps = { clock: systemClock, random: systemRandom, log: silentLogger };
const mebibyte = 2 ** 20;

/** Mounts a tmpfs; undefined where this machine does not let us. */
async function smallDisk(): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "sluice-disk-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder], { stdio: "ignore" });
  } catch {
    await rm(folder, { recursive: true });
    return undefined;
  }
  onTestFinished(async () => {
    execFileSync("umount", ["-l", folder]);
    await rm(folder, { recursive: true });
  });
  return folder;
}

test("a full disk refuses publishes with a code, keeps what it acknowledged, and ends when space returns", async (context) => {
  const dataDir = await smallDisk();
  if (dataDir === undefined) return context.skip("mounting a tmpfs needs root");
  const { path: binary } = await locateForTests();
  await using server = await startEmbeddedServer({ binary, dataDir, profile: "safe", ...deps });
  const { url, user, pass, sync } = server;
  await using bus = await connectJetStream({ servers: url, auth: { user, pass }, sync, ...deps });
  const ballast = join(dataDir, "ballast");
  await writeFile(ballast, new Uint8Array(40 * mebibyte));

  // Chance does not compress: the disk is full when the stream says so.
  let stored = 0;
  const refusals = new Set<string>();
  const chunk = crypto.getRandomValues(new Uint8Array(65_536));
  while (refusals.size === 0 && stored < 4_000) {
    try {
      await bus.publish("sluice.ev.a.b.c", chunk, { timeoutMs: 3_000 });
      stored += 1;
      crypto.getRandomValues(chunk);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      expect(error.retry).toBe("later");
      refusals.add(error.code);
    }
  }
  expect(["BUS_STREAM_FULL", "BUS_UNAVAILABLE"]).toEqual(expect.arrayContaining([...refusals]));
  expect(refusals.size).toBe(1);

  await rm(ballast);
  let back = false;
  for (let i = 0; i < 10 && !back; i++) {
    back = await bus.publish("sluice.ev.a.b.c", "after", { timeoutMs: 3_000 }).then(
      () => true,
      () => false,
    );
  }
  expect(back).toBe(true);
  expect((await bus.info("EVENTS")).messages).toBeGreaterThanOrEqual(stored + 1);
});
