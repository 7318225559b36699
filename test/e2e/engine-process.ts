// Several `sluice engine` processes on one real nats-server, and what a test sees of their runs and shards.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { openStores, type Stores, type Transport } from "@sluice/bus";
import { startTestServer, type TestServer } from "@sluice/bus/testing";
import { type Fact, makeRunDirectory, type RunDirectory, RunRegistry } from "@sluice/engine";
import { root } from "./sluice-process.ts";

const entry = join(root, "packages", "cli", "src", "main.ts");

/** One `sluice engine`, ready. */
export interface EngineProcess {
  readonly pid: number;
  readonly log: () => string;
  readonly ended: Promise<unknown>;
  signal(signal: NodeJS.Signals): void;
}

interface Table {
  readonly owners: readonly string[];
}

/** A nats-server, a data folder, and engines that share both unless told otherwise. */
export class EngineFleet implements AsyncDisposable {
  readonly server: TestServer;
  readonly stores: Stores;
  readonly directory: RunDirectory;
  readonly folder: string;
  readonly #transport: Transport;
  readonly #engines: ChildProcess[] = [];
  readonly #stop = new AbortController();

  private constructor(server: TestServer, transport: Transport, folder: string) {
    this.server = server;
    this.folder = folder;
    this.#transport = transport;
    this.stores = openStores(transport, { clock: systemClock, log: silentLogger });
    const { archive, logs, submitRun } = this.stores;
    this.directory = makeRunDirectory({
      ...{ archive, logs, submitRun, journal: this.stores.journal<Fact>(), registry: new RunRegistry() },
      ...{ clock: systemClock, random: systemRandom, signal: this.#stop.signal },
    });
  }

  static async open(): Promise<EngineFleet> {
    const server = await startTestServer({ sync: "always" });
    const folder = await mkdtemp(join(tmpdir(), "sluice-fleet-"));
    return new EngineFleet(server, await server.connect(), folder);
  }

  async start(data = "data", env: Readonly<Record<string, string>> = {}): Promise<EngineProcess> {
    const args = ["engine", "--json", "--nats", this.server.url, "--data", join(this.folder, data)];
    const own = {
      SLUICE_NATS_USER: this.server.user,
      SLUICE_NATS_PASSWORD: this.server.pass,
      SLUICE_EXECUTOR: "local",
      SLUICE_ISOLATION: "process",
    };
    const child = spawn(process.execPath, ["--conditions=@sluice/source", entry, ...args], {
      cwd: this.folder,
      env: { ...process.env, NO_COLOR: "1", ...own, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#engines.push(child);
    let log = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      log += text;
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise<void>((resolve, reject) => {
      child.stdout?.setEncoding("utf8").on("data", (text: string) => {
        if (text.includes('"ready":true')) resolve();
      });
      void ended.then(() => reject(new Error(`sluice engine ended before it was ready:\n${log}`)));
    });
    const { pid = 0 } = child;
    return { pid, log: () => log, ended, signal: (signal) => void child.kill(signal) };
  }

  /** The member of the shard table that a process is. */
  async memberOf({ pid }: Pick<EngineProcess, "pid">): Promise<string> {
    const leases = this.stores.state("leases");
    for await (const change of leases.watch("engine.members.*", this.#stop.signal)) {
      if (change.type !== "put") continue;
      const { process: mark = "" } = JSON.parse(new TextDecoder().decode(change.entry.value)) as {
        process?: string;
      };
      if (mark.split(" ")[2] === String(pid)) return decodeToken(change.entry.key.split(".").at(-1) ?? "");
    }
    throw new Error(`process ${pid} is no member`);
  }

  /** Resolves once `match` holds for the owners of the shards. */
  async owners(match: (owners: ReadonlySet<string>) => boolean): Promise<void> {
    const leases = this.stores.state("leases");
    for await (const change of leases.watch("engine.shards", this.#stop.signal)) {
      if (change.type !== "put") continue;
      const { owners } = JSON.parse(new TextDecoder().decode(change.entry.value)) as Table;
      if (match(new Set(owners))) return;
    }
  }

  /** Resolves once these runs have ended, with their phases. */
  async ended(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const phases = new Map<string, string>();
    const stop = new AbortController();
    for await (const { object } of this.directory.watch("default", {}, stop.signal)) {
      if (object.status.finishedAt === null || !names.includes(object.metadata.name)) continue;
      phases.set(object.metadata.name, object.status.phase);
      if (phases.size === names.length) break;
    }
    stop.abort();
    return phases;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.all(
      this.#engines.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const gone = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGCONT");
        child.kill("SIGTERM");
        await gone;
      }),
    );
    await this.#transport[Symbol.asyncDispose]();
    await this.server[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}

const decodeToken = (text: string): string =>
  text.replace(/=([0-9A-F]{2})/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
