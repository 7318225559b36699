// Engines on one real nats-server: only the one with the last mark advances a run, whatever the others hold in memory.
import { silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { VirtualClock } from "@sluice/base/testing";
import { openStores, type Stores, type Transport } from "@sluice/bus";
import { startTestServer, type TestServer } from "@sluice/bus/testing";
import type { Fact, RunDirectory, RunRegistry, StepRequest } from "@sluice/engine";
import { aWorkflow, ManualExecutor, manualWorld, shTemplate } from "@sluice/engine/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { startEngine } from "../one-engine.ts";
import { simulate } from "../sim/crashing-world.ts";

let server: TestServer;
let owned: AsyncDisposableStack;
beforeEach(async () => {
  server = await startTestServer({ sync: "always" });
  owned = new AsyncDisposableStack();
});
afterEach(async () => {
  await owned.disposeAsync();
  await server[Symbol.asyncDispose]();
});

const connect = async (): Promise<Stores> => {
  const transport: Transport = owned.use(await server.connect());
  return openStores(transport, { clock: systemClock, log: silentLogger });
};

interface EngineProcess {
  readonly executor: ManualExecutor;
  readonly registry: RunRegistry;
  readonly directory: RunDirectory;
  /** Steps that this engine asked for, in order. */
  readonly asked: string[];
  stop(): Promise<void>;
}

type World = ReturnType<typeof manualWorld>;

/** A process with a connection of its own; steps of all processes run in one world and end at once, unless held. */
async function startProcess(
  world: World,
  held: (step: StepRequest) => boolean = () => false,
): Promise<EngineProcess> {
  const stores = await connect();
  const asked: string[] = [];
  const executor = new ManualExecutor({
    now: systemClock.now,
    world,
    script: (step) => (held(step) ? undefined : {}),
  });
  const start = executor.start.bind(executor);
  executor.start = (step) => {
    asked.push(step.id);
    return start(step);
  };
  const abort = new AbortController();
  const recovered = Promise.withResolvers<void>();
  const { engine, registry, directory } = startEngine(stores, executor, {
    signal: abort.signal,
    onRecovered: recovered.resolve,
  });
  const stop = async () => {
    abort.abort();
    await engine;
  };
  owned.defer(stop);
  await recovered.promise;
  return { executor, registry, directory, asked, stop };
}

const chain = (name: string) =>
  aWorkflow(
    {
      templates: [
        {
          name: "main",
          steps: Array.from({ length: 5 }, (_, i) => [
            { name: `a${i}`, template: "sh" },
            { name: `b${i}`, template: "sh" },
          ]),
        },
        shTemplate("sh"),
      ],
    },
    name,
  );

const by = { kind: "api", user: "ann" } as const;
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
const submitAll = (directory: RunDirectory, all: readonly string[]) =>
  Promise.all(all.map((name) => directory.submit(chain(name), { namespace: "default", by })));

/** Resolves once every run of the list has ended, with their phases. */
async function allEnded(directory: RunDirectory, all: readonly string[]): Promise<ReadonlySet<string>> {
  const left = new Set(all);
  const phases = new Set<string>();
  const stop = new AbortController();
  for await (const { object } of directory.watch("default", {}, stop.signal)) {
    if (object.status.finishedAt === null || !left.delete(object.metadata.name)) continue;
    phases.add(object.status.phase);
    if (left.size === 0) break;
  }
  stop.abort();
  return phases;
}

interface JournalRead {
  /** The engines whose marks stand in the journal, in order, without repeats in a row. */
  readonly owners: string[];
  /** Ids of the steps whose end is stored. */
  readonly finished: string[];
}

function note({ owners, finished }: JournalRead, fact: Fact): void {
  if (fact.type === "engine" && owners.at(-1) !== fact.engine) owners.push(fact.engine);
  if (fact.type === "finished") finished.push(fact.step);
}

/** Reads along from now on, since journals go some seconds after their run's end. `ended` comes with the last step's end. */
async function readAlong(runs: number, stepsOfRun: number) {
  const stores = await connect();
  const journals = new Map<string, JournalRead>();
  const ended = Promise.withResolvers<void>();
  const stop = new AbortController();
  owned.defer(() => stop.abort());
  const reading = async () => {
    const over = new Set<string>();
    for await (const item of stores.journal<Fact>().follow(stop.signal)) {
      if (item.type === "caught-up") continue;
      const { name } = item.record.key;
      const journal = journals.get(name) ?? { owners: [], finished: [] };
      journals.set(name, journal);
      for (const fact of item.record.facts) note(journal, fact);
      if (journal.finished.length >= stepsOfRun) over.add(name);
      if (over.size === runs) ended.resolve();
    }
  };
  reading().catch(ended.reject);
  return { journals, ended: ended.promise };
}

/** Resolves once the process has none of these runs any more. */
async function letGo({ registry }: EngineProcess, ofThese: (run: string) => boolean): Promise<void> {
  const has = () => registry.list().some(({ run }) => ofThese(run.key.name));
  if (!has()) return;
  const gone = Promise.withResolvers<void>();
  const stop = registry.onChange(() => {
    if (!has()) gone.resolve();
  });
  await gone.promise;
  stop();
}

const isOdd = (run: string): boolean => Number(run.slice(run.lastIndexOf("-") + 1)) % 2 === 1;

test("a second engine takes twenty runs under way; the first lets go, and no step is started twice", async () => {
  const world = manualWorld();
  const read = await readAlong(20, 10);
  const halfWay = Promise.withResolvers<void>();
  let calls = 0;
  let isReleased = false;
  const first = await startProcess(world, ({ run, node }) => {
    calls += 1;
    if (calls === 60) halfWay.resolve();
    // Even runs go on, so that their records race with the second engine's claims; odd ones wait for the second engine.
    return isOdd(run.name) ? node.name.includes("[2]") : calls > 60 && !isReleased;
  });
  const all = names("run", 20);
  await submitAll(first.directory, all);
  await halfWay.promise;

  const second = await startProcess(world);
  const ended = allEnded(second.directory, all);
  isReleased = true;
  const endRunning = (ofThese: (run: string) => boolean) => {
    for (const { id, run } of [...world.running.values()]) if (ofThese(run.name)) second.executor.end(id);
  };
  endRunning((run) => !isOdd(run));
  await letGo(first, isOdd);
  endRunning(isOdd);

  expect(await ended).toEqual(new Set(["Succeeded"]));
  expect(new Set(world.starts).size).toBe(world.starts.length);
  expect(world.starts).toHaveLength(200);
  await read.ended;
  const { journals } = read;
  await letGo(first, (run) => (journals.get(run)?.owners.length ?? 0) > 1);
  for (const [name, { owners, finished }] of journals) {
    expect(new Set(owners).size, `${name} went back to an engine that had lost it`).toBe(owners.length);
    if (isOdd(name)) expect(owners, name).toHaveLength(2);
    expect(finished, name).toHaveLength(10);
    expect(new Set(finished).size, `${name}: the end of a step was stored twice`).toBe(10);
  }
});

test("two engines share new runs: each run has one owner from its claim to its end", async () => {
  const world = manualWorld();
  const read = await readAlong(20, 10);
  const processes = [await startProcess(world), await startProcess(world)];
  const all = names("new", 20);
  const ended = allEnded((processes[0] as EngineProcess).directory, all);
  await submitAll((processes[1] as EngineProcess).directory, all);

  expect(await ended).toEqual(new Set(["Succeeded"]));
  expect(new Set(world.starts).size).toBe(world.starts.length);
  expect(world.starts).toHaveLength(200);
  await read.ended;
  expect([...read.journals.values()].map(({ owners }) => owners.length)).toEqual(Array(20).fill(1));
  const [a = [], b = []] = processes.map((process) => process.asked);
  expect(a.filter((stepId) => b.includes(stepId))).toEqual([]);
});

test("whenever the engine dies, the run goes on to its end on the real server too", async () => {
  let deaths = 0;
  for (const seed of [101, 102, 103, 104]) {
    const stores = await connect();
    const ended = await simulate(seed, {
      stores,
      clock: new VirtualClock(1_700_000_000_000),
      log: silentLogger,
      run: `sim-${seed}`,
    });
    deaths += ended.deaths;
    expect(new Set(ended.starts).size, `seed ${seed}: a step ran twice`).toBe(ended.starts.length);
    expect(ended.stored, `seed ${seed}: the log`).toEqual(ended.told);
  }
  expect(deaths).toBeGreaterThan(0);
});
