import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, type Logger, type Random, silentLogger, sleepFor } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { connectJetStream, type JetStreamOptions } from "../jetstream/connect.ts";
import type { Transport } from "../ports/transport.ts";
import { freePort } from "../server/free-port.ts";
import { locateNatsServer, type NatsBinary } from "../server/locate.ts";
import { type NatsSettings, startNatsProcess } from "../server/nats-process.ts";

/** A real nats-server on a free port with a folder of its own. Disposing ends it and removes the folder. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly user: string;
  readonly pass: string;
  readonly pid: number;
  readonly auth: { readonly user: string; readonly pass: string };
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** On the same port with the same files; kills it first when it runs. */
  restart(): Promise<void>;
  /** Stops the process (SIGSTOP); resolves when every thread of it stands still. `SIGCONT` lets it go on. */
  signal(signal: "SIGSTOP" | "SIGCONT"): Promise<void>;
  /** A transport to it; the caller disposes it before the server. */
  connect(
    options?: Partial<Omit<JetStreamOptions, "servers" | "auth">> & {
      readonly clock?: Clock;
      readonly random?: Random;
      readonly log?: Logger;
    },
  ): Promise<Transport>;
}

/** A stop reaches the threads one after another: until then the process may still answer. */
export async function signalProcess(pid: number, signal: "SIGSTOP" | "SIGCONT"): Promise<void> {
  process.kill(pid, signal);
  if (signal === "SIGCONT") return;
  for (const thread of await readdir(`/proc/${pid}/task`))
    while (!/^State:\s+[TZ]/m.test(await readFile(`/proc/${pid}/task/${thread}/status`, "utf8")))
      await sleepFor(systemClock, 1);
}

/** The binary that tests use: `SLUICE_NATS_SERVER`, PATH, or the cache that the set-up fills. */
export function locateForTests(): Promise<NatsBinary> {
  const env = process.env;
  const cacheDir = env["SLUICE_CACHE"] ?? join(env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "sluice");
  const explicit = env["SLUICE_NATS_SERVER"];
  return locateNatsServer({
    path: env["PATH"] ?? "",
    cacheDir,
    ...(explicit === undefined ? {} : { explicit }),
  });
}

export async function startTestServer(
  options: { readonly sync?: "always" | "2m" } = {},
): Promise<TestServer> {
  const { path } = await locateForTests();
  const folder = await mkdtemp(join(tmpdir(), "sluice-nats-"));
  const auth = { user: "test", pass: systemRandom.id() };
  const port = await freePort();
  const settings: NatsSettings = { binary: path, folder, port, ...auth, sync: options.sync ?? "2m" };
  let child = await startNatsProcess(settings, systemClock);
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    ...auth,
    auth,
    get pid() {
      return child.pid;
    },
    kill,
    async restart() {
      await kill();
      child = await startNatsProcess(settings, systemClock);
    },
    signal: (signal) => signalProcess(child.pid, signal),
    connect: (more = {}) =>
      connectJetStream({
        clock: systemClock,
        random: systemRandom,
        log: silentLogger,
        sync: settings.sync,
        ...more,
        servers: `nats://127.0.0.1:${port}`,
        auth,
      }),
    async [Symbol.asyncDispose]() {
      await kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
