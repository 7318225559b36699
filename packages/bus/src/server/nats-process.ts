// One nats-server child: its config, its start until it answers, its end.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, open, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Clock, sleepFor } from "@sluice/base";
import { BusError } from "../errors.ts";

export interface NatsSettings {
  readonly binary: string;
  /** Holds config, log and JetStream's files. */
  readonly folder: string;
  readonly port: number;
  readonly user: string;
  readonly pass: string;
  /** `always`: an acknowledgement means on disk; `2m`: the server's own default. */
  readonly sync: "always" | "2m";
}

export interface NatsProcess {
  readonly pid: number;
  /** Resolves with how it ended. */
  readonly exited: Promise<string>;
  kill(signal: "SIGTERM" | "SIGKILL"): void;
}

const readyMs = 30_000;
const dialEveryMs = 10;
const logTailBytes = 600;

/** Starts the server and waits until it answers with JetStream on. Errors: BUS_SERVER_EXITED, BUS_UNAVAILABLE. */
export async function startNatsProcess(settings: NatsSettings, clock: Clock): Promise<NatsProcess> {
  await mkdir(settings.folder, { recursive: true, mode: 0o700 });
  const config = join(settings.folder, "server.conf");
  await writeFile(config, configText(settings), { mode: 0o600 });
  // A session of its own: Ctrl-C in a terminal goes to the whole group, and the bus has to be the last to stop.
  const child = spawn(settings.binary, ["-c", config], {
    stdio: ["ignore", "ignore", "ignore"],
    detached: true,
  });
  let end: string | undefined;
  const exited = exitOf(child).then((how) => {
    end = how;
    return how;
  });
  const endAt = clock.monotonic() + readyMs;
  while (end === undefined && clock.monotonic() < endAt) {
    if (await answers(settings.port)) {
      return { pid: child.pid ?? 0, exited, kill: (signal) => void child.kill(signal) };
    }
    await Promise.race([sleepFor(clock, dialEveryMs), exited]);
  }
  child.kill("SIGKILL");
  const lastLog = await logTail(join(settings.folder, "server.log"));
  throw BusError.SERVER_EXITED({ exit: end ?? `no answer within ${readyMs} ms`, lastLog });
}

function configText({ folder, port, user, pass, sync }: NatsSettings): string {
  const text = (value: string) => JSON.stringify(value);
  return [
    `listen: "127.0.0.1:${port}"`,
    `server_name: "sluice-embedded"`,
    `authorization { user: ${text(user)}, password: ${text(pass)} }`,
    "max_payload: 8MB",
    `log_file: ${text(join(folder, "server.log"))}`,
    "logfile_size_limit: 5MB",
    "logfile_max_num: 2",
    // The limit on a data folder is the disk's: a reservation beyond it must not refuse a stream.
    `jetstream { store_dir: ${text(join(folder, "store"))}, max_file_store: 1TB, max_memory_store: 256MB, sync_interval: ${text(sync)} }`,
    "",
  ].join("\n");
}

const exitOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
  });

/** The server greets with its INFO line once its streams are recovered. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: "127.0.0.1", timeout: 1_000 });
    let greeting = "";
    const done = (ready: boolean) => {
      socket.destroy();
      resolve(ready);
    };
    socket.on("data", (data) => {
      greeting += data.toString("latin1");
      if (greeting.includes("\r\n"))
        done(greeting.startsWith("INFO") && greeting.includes('"jetstream":true'));
    });
    for (const event of ["error", "timeout", "close"]) socket.on(event, () => done(false));
  });
}

/** The end of the server's log, for an error's text. */
async function logTail(path: string): Promise<string> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    const start = Math.max(0, size - logTailBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(logTailBytes), 0, logTailBytes, start);
    return buffer.toString("utf8", 0, bytesRead).trim();
  } catch {
    return "it wrote no log";
  }
}
