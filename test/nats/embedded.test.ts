import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { connectJetStream, type EmbeddedServer, startEmbeddedServer } from "@sluice/bus";
import { locateForTests } from "@sluice/bus/testing";
import { afterEach, beforeEach, expect, test } from "vitest";

const deps = { clock: systemClock, random: systemRandom, log: silentLogger };
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "sluice-embedded-"));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const start = async (): Promise<EmbeddedServer> =>
  startEmbeddedServer({ binary: (await locateForTests()).path, dataDir, profile: "safe", ...deps });
const connect = ({ url, user, pass, sync }: EmbeddedServer) =>
  connectJetStream({ servers: url, auth: { user, pass }, sync, ...deps });
/** A zombie is gone: it only waits for its parent to look. */
const isGone = (pid: number): boolean => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z");
  } catch {
    return true;
  }
};

test("keeps what was stored from one start to the next, and asks for its credential", async () => {
  {
    await using server = await start();
    await using bus = await connect(server);
    await bus.publish("sluice.ev.a.b.c", "x");
    expect((await stat(join(dataDir, "nats", "server.conf"))).mode & 0o777).toBe(0o600);
    const stranger = connectJetStream({ servers: server.url, ...deps });
    await expect(stranger).rejects.toMatchObject({ code: "BUS_DENIED" });
  }
  await using server = await start();
  await using bus = await connect(server);
  expect((await bus.info("EVENTS")).messages).toBe(1);
});

test("a second start on the same folder is refused, naming the process that holds it", async () => {
  await using first = await start();
  await expect(start()).rejects.toMatchObject({
    code: "BUS_DATA_FOLDER_BUSY",
    details: { pid: process.pid },
  });
  expect(isGone(first.pid)).toBe(false);
});

test("a server that dies is started again on the same port, and the transport finds it", async () => {
  await using server = await start();
  await using bus = await connect(server);
  const before = server.pid;
  process.kill(before, "SIGKILL");
  await bus.publish("sluice.ev.a.b.c", "x", { timeoutMs: 20_000 });
  expect(server.pid).not.toBe(before);
});

test("a server left behind by a killed process is ended, its lock taken over, its data kept", async () => {
  const script = `
    import { silentLogger } from "@sluice/base";
    import { systemClock as clock, systemRandom as random } from "@sluice/base/system";
    import { connectJetStream, startEmbeddedServer } from "@sluice/bus";
    const server = await startEmbeddedServer({ binary: process.argv[1], dataDir: process.argv[2], profile: "safe", clock, random, log: silentLogger });
    const bus = await connectJetStream({ servers: server.url, auth: server, clock, random, log: silentLogger });
    await bus.publish("sluice.ev.a.b.c", "x");
    process.stdout.write(String(server.pid));
  `;
  const { path } = await locateForTests();
  const args = ["--conditions=@sluice/source", "--input-type=module", "-e", script, path, dataDir];
  const parent = spawn(process.execPath, args, {
    cwd: import.meta.dirname,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [orphan] = await once(parent.stdout, "data");
  parent.kill("SIGKILL");
  await once(parent, "exit");
  expect(isGone(Number(String(orphan)))).toBe(false);

  await using server = await start();

  expect(isGone(Number(String(orphan)))).toBe(true);
  await using bus = await connect(server);
  expect((await bus.info("EVENTS")).messages).toBe(1);
});

test("a pid that belongs to another process now is neither a holder nor an orphan", async () => {
  await (await start())[Symbol.asyncDispose]();
  const stale = JSON.stringify({ pid: process.ppid, startTime: "1" });
  await writeFile(join(dataDir, "lock"), stale);
  await writeFile(join(dataDir, "nats", "server.pid.json"), stale);

  await using server = await start();

  expect(isGone(process.ppid)).toBe(false);
  expect(JSON.parse(await readFile(join(dataDir, "lock"), "utf8"))).toMatchObject({ pid: process.pid });
  expect(server.port).toBeGreaterThan(0);
});

test("a server that cannot start again says so, and that it is well once it runs steadily", async () => {
  const clock = new SteppedClock();
  const { path: binary } = await locateForTests();
  await using server = await startEmbeddedServer({ binary, dataDir, profile: "safe", ...deps, clock });
  await using bus = await connect(server);
  expect(server.trouble).toBeUndefined();
  // A file in the place of the store's folder: JetStream cannot be enabled.
  const store = join(dataDir, "nats", "store");
  await rename(store, `${store}.aside`);
  await writeFile(store, "no folder");
  process.kill(server.pid, "SIGKILL");
  await expect(bus.publish("sluice.ev.a.b.c", "x", { timeoutMs: 1_500 })).rejects.toMatchObject({
    code: "BUS_UNAVAILABLE",
  });
  expect(server.trouble).toMatch(/nats-server ended/);

  await rm(store);
  await rename(`${store}.aside`, store);
  await bus.publish("sluice.ev.a.b.c", "x", { timeoutMs: 30_000 });
  clock.aheadMs = 60_000;
  expect(server.trouble).toBeUndefined();
});

/** The real clock, whose monotonic time can be put ahead. */
class SteppedClock implements Clock {
  aheadMs = 0;
  now(): number {
    return systemClock.now();
  }
  monotonic(): number {
    return systemClock.monotonic() + this.aheadMs;
  }
  sleepUntil(at: number, signal?: AbortSignal): Promise<void> {
    return systemClock.sleepUntil(at, signal);
  }
}
