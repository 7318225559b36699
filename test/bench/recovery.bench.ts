// How fast an engine that was killed has its unfinished runs again, and what each of them costs while it waits: 100, 1,000
// and 10,000 runs on a real nats-server that syncs each append, waiting in a suspend node or in a step that runs.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Logger, noFailpoints, silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { connectJetStream, openStores, type Stores } from "@sluice/bus";
import { startTestServer } from "@sluice/bus/testing";
import { type Executor, type Fact, makeRunDirectory, RunRegistry, runEngine } from "@sluice/engine";
import { aWorkflow, shTemplate } from "@sluice/engine/testing";
import { goal, machine } from "./report.ts";

type Variant = "suspend" | "step";
const sizes = [100, 1_000, 10_000];
const mebibyte = 2 ** 20;

const workflow = (variant: Variant, name: string) =>
  aWorkflow(
    {
      templates: [
        { name: "main", steps: [[{ name: "wait", template: variant === "suspend" ? "wait" : "sh" }]] },
        { name: "wait", suspend: {} },
        shTemplate("sh"),
      ],
    },
    name,
  );

/** Its steps run for ever, in whatever process looks. */
const endless: Executor = {
  kind: "endless",
  start: async () => {},
  stop: async () => {},
  adopt: async (known) => ({ attached: known.map(({ id }) => id) }),
  detach: async () => {},
  forget: async () => {},
  async *events(signal) {
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  },
  describe: async () => ({ kind: "endless", isolation: "none", reason: "a benchmark", warnings: [] }),
  async [Symbol.asyncDispose]() {},
};

interface Said {
  readonly what: "recovered" | "waiting";
  readonly ms: number;
  readonly rss: number;
  readonly heap: number;
  /** Of the process so far. */
  readonly cpuMs: number;
}

/** In a process of its own: an engine that says when it has its runs, and when `count` of them wait. */
async function engine(url: string, user: string, pass: string, count: number): Promise<void> {
  const startedAt = performance.now();
  const common = { prefix: "sluice", replicas: 1, clock: systemClock, random: systemRandom };
  const transport = await connectJetStream({
    servers: [url],
    auth: { user, pass },
    sync: "always",
    ...common,
    log: silentLogger,
  });
  const stores = openStores(transport, { clock: systemClock, log: silentLogger });
  const registry = new RunRegistry();
  const say = (what: Said["what"]) => {
    const ms = performance.now() - startedAt;
    const { user: inUser, system } = process.cpuUsage();
    globalThis.gc?.();
    const { rss, heapUsed: heap } = process.memoryUsage();
    process.send?.({ what, ms, rss, heap, cpuMs: (inUser + system) / 1_000 } satisfies Said);
  };
  const log: Logger = {
    ...silentLogger,
    info: (message) => {
      if (message === "runs taken over") say("recovered");
    },
    child: () => log,
  };
  let waiting = 0;
  const seen = new Set<string>();
  registry.onChange(({ key }) => {
    const run = registry.get(key)?.run;
    if (run === undefined || run.suspends.size + run.steps.size === 0 || seen.has(key.name)) return;
    seen.add(key.name);
    waiting += 1;
    if (waiting === count) say("waiting");
  });
  await runEngine(
    {
      ...{ registry, log, archive: stores.archive, logs: stores.logs, journal: stores.journal<Fact>() },
      executors: new Map([[endless.kind, endless]]),
      defaultExecutor: endless.kind,
      ...{ clock: systemClock, random: systemRandom, failpoints: noFailpoints, identity: "bench" },
      config: { maxParallelSteps: 100_000 },
      shards: { leases: stores.state("leases"), process: String(process.pid), isGone },
    },
    new AbortController().signal,
  );
}

function isGone(pid: string): boolean {
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch {
    return true;
  }
}

function startEngine(server: { url: string; user: string; pass: string }, count: number) {
  const args = ["--expose-gc", "--conditions=@sluice/source", fileURLToPath(import.meta.url)];
  const child: ChildProcess = spawn(
    process.execPath,
    [...args, "engine", server.url, server.user, server.pass, String(count)],
    { stdio: ["ignore", "inherit", "inherit", "ipc"] },
  );
  const said = (what: Said["what"]) =>
    new Promise<Said>((resolve, reject) => {
      child.on("message", (message) => {
        if ((message as Said).what === what) resolve(message as Said);
      });
      child.once("exit", () => reject(new Error("the engine ended")));
    });
  const kill = () =>
    new Promise<void>((resolve) => {
      child.removeAllListeners("exit");
      child.once("exit", () => resolve());
      child.kill("SIGKILL");
    });
  return { said, kill };
}

async function submitAll(stores: Stores, variant: Variant, count: number): Promise<void> {
  const { archive, logs, submitRun } = stores;
  const directory = makeRunDirectory({
    ...{ archive, logs, submitRun, journal: stores.journal<Fact>(), registry: new RunRegistry() },
    ...{ clock: systemClock, random: systemRandom, signal: new AbortController().signal },
  });
  const names = Array.from({ length: count }, (_, i) => `run-${i}`).values();
  const by = { kind: "api", user: "bench" } as const;
  const submit = async () => {
    for (const name of names) await directory.submit(workflow(variant, name), { namespace: "default", by });
  };
  await Promise.all(Array.from({ length: 64 }, submit));
}

async function measure(variant: Variant, count: number) {
  await using server = await startTestServer({ sync: "always" });
  await using transport = await server.connect();
  const stores = openStores(transport, { clock: systemClock, log: silentLogger });
  const first = startEngine(server, count);
  const waiting = first.said("waiting");
  await submitAll(stores, variant, count);
  const before = await waiting;
  await first.kill();
  const second = startEngine(server, -1);
  const after = await second.said("recovered");
  await second.kill();
  const { bytes } = await transport.info("RUNS");
  return { before, after, bytes };
}

async function main(): Promise<void> {
  console.log(machine());
  console.log("\nrecovery of an engine after kill -9: from the start of its work until its runs are its own");
  for (const variant of ["suspend", "step"] as const) {
    let smallest: number | undefined;
    for (const count of sizes) {
      const { before, after, bytes } = await measure(variant, count);
      smallest ??= after.rss;
      const perRun =
        count === sizes[0] ? "" : `   ${((after.rss - smallest) / count / 1_024).toFixed(1)} kB of it a run`;
      console.log(
        `${variant.padEnd(8)} ${String(count).padStart(6)} runs   recovered ${after.ms.toFixed(0).padStart(6)} ms (cpu ${after.cpuMs.toFixed(0)})   ` +
          `rss ${(after.rss / mebibyte).toFixed(0).padStart(4)} MiB (heap ${(after.heap / mebibyte).toFixed(0)}; ` +
          `${(before.rss / mebibyte).toFixed(0)} where they began)   journal ${(bytes / count / 1_024).toFixed(1)} kB a run${perRun}`,
      );
      if (count !== 10_000) continue;
      goal(`${count} unfinished runs recovered within 5 s`, after.ms <= 5_000);
      goal(`${count} waiting runs within 1 GiB`, Math.max(after.rss, before.rss) <= 1_024 * mebibyte);
    }
  }
}

const [role, url = "", user = "", pass = "", count = "0"] = process.argv.slice(2);
await (role === "engine" ? engine(url, user, pass, Number(count)) : main());
