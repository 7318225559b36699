// The nats-server of one machine: started, watched, restarted, ended with us.
// Owns:      the data folder's lock, the child.
// Invariants
//   E1. One Sluice a data folder; one nats-server a Sluice.
//   E2. A server left over by a killed Sluice is ended before a new one opens the same files; it is known by pid and
//       start time, so that a pid given to somebody else is never killed.
//   E3. A server that dies is started again on the same port with the same credential: clients find it by themselves.
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { backoffMs, type Clock, type Logger, messageOf, type Random, Scope, sleepFor } from "@sluice/base";
import { lockFolder } from "./folder-lock.ts";
import { freePort } from "./free-port.ts";
import { type NatsProcess, type NatsSettings, startNatsProcess } from "./nats-process.ts";
import { isAlive, parseProcessId, processOf } from "./process-id.ts";

export interface EmbeddedOptions {
  /** Path of the nats-server, from `locateNatsServer`. */
  readonly binary: string;
  /** The server's files go to `nats/` in it. */
  readonly dataDir: string;
  /** `safe`: an acknowledgement means on disk. `fast`: up to two minutes may be lost at power failure. */
  readonly profile: "safe" | "fast";
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** A running server of our own. Disposing stops it and gives the folder back. */
export interface EmbeddedServer extends AsyncDisposable {
  readonly url: string;
  readonly user: string;
  readonly pass: string;
  readonly port: number;
  /** Of the present child; changes when it was restarted. */
  readonly pid: number;
  /** For `connectJetStream({ sync })`. */
  readonly sync: "always" | "2m";
  /** Why there is no steady server: it does not start, or keeps ending. Undefined while all is well. */
  readonly trouble: string | undefined;
}

/** The present child, and what is wrong with it. */
interface Running {
  child: NatsProcess;
  trouble: { readonly reason: string; readonly untilMonotonic: number } | undefined;
}

const restartPolicy = { baseMs: 50, factor: 2, capMs: 5_000, jitter: 0.2 };
/** A server that ran this long starts again without a longer wait. */
const minimumUptimeMs = 10_000;
const stopMs = 5_000;
/** Ends within the minimum uptime that make a loop. */
const crashLoop = 3;
const startTries = 3;

/** Errors: BUS_DATA_FOLDER_BUSY, BUS_SERVER_EXITED. */
export async function startEmbeddedServer(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const scope = new Scope();
  try {
    scope.use(await lockFolder(options.dataDir, options.random));
    const folder = join(options.dataDir, "nats");
    await endOrphan(folder, options);
    const sync = options.profile === "safe" ? "always" : "2m";
    const fixed = {
      binary: options.binary,
      folder,
      user: "sluice",
      pass: options.random.id(),
      sync,
    } as const;
    const { settings, child } = await startSomewhere(fixed, options.clock);
    const running: Running = { child, trouble: undefined };
    await remember(folder, child);
    scope.defer(() => stop(running.child, folder, options.clock));
    scope.spawn("nats-server", (signal) => supervise(running, settings, options, signal));
    const { port, user, pass } = settings;
    return {
      url: `nats://127.0.0.1:${port}`,
      user,
      pass,
      port,
      sync,
      get pid() {
        return running.child.pid;
      },
      get trouble() {
        const { trouble } = running;
        return trouble !== undefined && options.clock.monotonic() < trouble.untilMonotonic
          ? trouble.reason
          : undefined;
      },
      [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
    };
  } catch (error) {
    await scope[Symbol.asyncDispose]();
    throw error;
  }
}

/** The free port may be taken by somebody else before the server has it: then another one. */
async function startSomewhere(fixed: Omit<NatsSettings, "port">, clock: Clock) {
  for (let attempt = 1; ; attempt++) {
    const settings: NatsSettings = { ...fixed, port: await freePort() };
    try {
      return { settings, child: await startNatsProcess(settings, clock) };
    } catch (error) {
      if (attempt >= startTries || !/in use/i.test(messageOf(error))) throw error;
    }
  }
}

async function supervise(
  running: Running,
  settings: NatsSettings,
  { clock, random, log }: EmbeddedOptions,
  signal: AbortSignal,
): Promise<void> {
  let failures = 0;
  let startedAt = clock.monotonic();
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  while (!signal.aborted) {
    const exit = await Promise.race([running.child.exited, stopped]);
    if (exit === undefined || signal.aborted) return;
    failures = clock.monotonic() - startedAt > minimumUptimeMs ? 1 : failures + 1;
    log.warn("nats-server ended; starting it again", { exit, failures });
    running.trouble = {
      reason: `nats-server ended (${exit}), ${failures} in a row`,
      untilMonotonic: Infinity,
    };
    await sleepFor(clock, backoffMs(restartPolicy, failures, random.next()), signal);
    if (signal.aborted) return;
    try {
      startedAt = clock.monotonic();
      running.child = await startNatsProcess(settings, clock);
      await remember(settings.folder, running.child);
      // One that keeps dying soon after its start is no steady server, however often it answers in between.
      running.trouble =
        failures < crashLoop
          ? undefined
          : { reason: running.trouble.reason, untilMonotonic: startedAt + minimumUptimeMs };
      log.info("nats-server runs again", { pid: running.child.pid });
    } catch (error) {
      running.trouble = { reason: messageOf(error), untilMonotonic: Infinity };
      log.error("nats-server does not start", { reason: messageOf(error) });
    }
  }
}

const pidFile = (folder: string) => join(folder, "server.pid.json");

async function remember(folder: string, child: NatsProcess): Promise<void> {
  const id = (await processOf(child.pid)) ?? { pid: child.pid, startTime: "gone" };
  await writeFile(pidFile(folder), JSON.stringify(id), { mode: 0o600 });
}

async function endOrphan(folder: string, { clock, log }: EmbeddedOptions): Promise<void> {
  const id = parseProcessId(await readFile(pidFile(folder), "utf8").catch(() => ""));
  if (id === undefined || id.startTime === "" || !(await isAlive(id))) return;
  log.warn("ending the nats-server that an earlier process left behind", { pid: id.pid });
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    signalQuietly(id.pid, signal);
    const endAt = clock.monotonic() + stopMs;
    while (clock.monotonic() < endAt) {
      if (!(await isAlive(id))) return;
      await sleepFor(clock, 10);
    }
  }
}

async function stop(child: NatsProcess, folder: string, clock: Clock): Promise<void> {
  const timer = new AbortController();
  child.kill("SIGTERM");
  await Promise.race([child.exited, sleepFor(clock, stopMs, timer.signal)]);
  timer.abort();
  child.kill("SIGKILL");
  await child.exited;
  await rm(pidFile(folder), { force: true });
}

function signalQuietly(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}
