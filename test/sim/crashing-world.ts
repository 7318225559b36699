// A seeded world in which the engine's process dies between any two of its operations, again and again.
import { setImmediate } from "node:timers/promises";
import { inlinePacking, type Logger, noFailpoints, SeededRandom } from "@sluice/base";
import type { VirtualClock } from "@sluice/base/testing";
import type { RunKey, Stores } from "@sluice/bus";
import { type EngineDeps, makeRunDirectory, RunRegistry, runEngine } from "@sluice/engine";
import { aWorkflow, ManualExecutor, manualWorld, shTemplate } from "@sluice/engine/testing";
import type { Workflow } from "@sluice/spec";

const fixedWorkflow = (name: string): Workflow =>
  aWorkflow(
    {
      parallelism: 3,
      onExit: "sh",
      templates: [
        {
          name: "main",
          steps: [
            [{ name: "first", template: "coin" }],
            [
              {
                name: "loop",
                template: "again",
                withItems: ["a", "b", "c", "d"],
                continueOn: { failed: true },
              },
              { name: "graph", template: "graph", continueOn: { failed: true } },
            ],
            [{ name: "last", template: "sh", when: "{{steps.first.outputs.result}} == heads" }],
          ],
        },
        {
          name: "graph",
          dag: {
            tasks: [
              { name: "A", template: "sh" },
              { name: "B", template: "sh", depends: "A" },
              { name: "C", template: "sh", depends: "A.Succeeded || A.Failed" },
              { name: "D", template: "sh", depends: "B.Failed || C.Succeeded || B.Omitted" },
            ],
          },
        },
        { name: "coin", script: { image: "a", command: ["sh"], source: "…" } },
        shTemplate("again", { retryStrategy: { limit: 1, backoff: { duration: "2" } } }),
        shTemplate("sh"),
      ],
    },
    name,
  );

/** Lets a process do `left` more operations; at the last one it dies, before or after the operation took effect. */
class Mortality {
  dead = false;
  #left: number;
  readonly #after: boolean;

  constructor(left: number, after: boolean) {
    this.#left = left;
    this.#after = after;
  }

  /** The same object, whose promises are never answered once the process is dead. */
  over<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (_, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== "function") return member;
        if (this.dead && streams.has(name)) return () => silence();
        return (...args: unknown[]) =>
          this.#call(
            () =>
              member.apply(
                target,
                args.map((arg) => this.#asked(arg)),
              ) as unknown,
            streams.has(name),
          );
      },
    });
  }

  /** What the world asks back of the process (may the step start?) is answered only while it lives. */
  #asked(arg: unknown): unknown {
    if (typeof arg !== "function") return arg;
    return (...args: unknown[]): unknown => (this.dead ? never : arg(...args));
  }

  #call(act: () => unknown, isStream: boolean): unknown {
    if (this.dead) return never;
    this.#left -= 1;
    if (this.#left > 0) return this.#alive(act());
    this.dead = true;
    if (isStream) return silence();
    // Whatever comes of it, nobody hears it any more.
    if (this.#after) Promise.resolve(act()).catch(() => {});
    return never;
  }

  /** An answer that comes after death is not heard. */
  #alive(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    return result.then((value: unknown) => (this.dead ? never : value));
  }
}

const never = new Promise<never>(() => {});

/** Methods whose answers come one by one. */
const streams = new Set<string | symbol>(["read", "follow", "list", "watch", "events"]);

async function* silence(): AsyncIterable<never> {
  yield await never;
}

export interface SimulatedBus {
  readonly stores: Stores;
  readonly clock: VirtualClock;
  readonly log: Logger;
  /** Name of the run; one world after another on the same bus needs another name. */
  readonly run?: string;
  /** What is run; default one with a bit of each kind. */
  readonly workflow?: Workflow;
}

export interface Simulated {
  /** Every real start of a step, in order. */
  readonly starts: readonly string[];
  readonly deaths: number;
  /** What the steps of each node wrote, and what is stored of it. */
  readonly told: ReadonlyMap<string, readonly string[]>;
  readonly stored: ReadonlyMap<string, readonly string[]>;
}

const maxTurns = 20_000;

/** A step, if one runs, may write, and may end. */
function act(executor: ManualExecutor, told: Map<string, string[]>, chance: (n: number) => number): void {
  const step = [...executor.world.running.values()][chance(executor.running.length)];
  if (step === undefined) return;
  if (chance(2) === 0) {
    const lines = told.get(step.node.id) ?? [];
    told.set(step.node.id, lines);
    const more = Array.from({ length: 1 + chance(5) }, (_, i) => `line ${lines.length + i}`);
    lines.push(...more);
    executor.say(step.id, more);
  }
  if (chance(2) === 0)
    executor.end(step.id, {
      exitCode: chance(4) === 0 ? 1 : 0,
      result: chance(2) === 0 ? "heads" : "tails",
    });
}

/** One run through a world of that seed, until the run is archived and its journal gone. */
export async function simulate(
  seed: number,
  { stores, clock, log, run = "wf", workflow = fixedWorkflow(run) }: SimulatedBus,
): Promise<Simulated> {
  const key = { namespace: "default", name: run };
  const random = new SeededRandom(seed);
  const chance = (n: number) => Math.floor(random.next() * n);
  const world = manualWorld();
  const told = new Map<string, string[]>();
  const { archive, logs, submitRun } = stores;
  let deaths = 0;

  const born = () => {
    const mortality = new Mortality(3 + chance(25), chance(2) === 0);
    const executor = new ManualExecutor({ now: () => clock.now(), world });
    const stop = new AbortController();
    const deps: EngineDeps = {
      journal: mortality.over(stores.journal()),
      archive: mortality.over(archive),
      logs: mortality.over(logs),
      executors: new Map([["manual", mortality.over(executor)]]),
      defaultExecutor: "manual",
      clock,
      random: new SeededRandom(chance(2 ** 30)),
      log,
      failpoints: noFailpoints,
      packing: inlinePacking,
      identity: "sim",
      registry: new RunRegistry(),
      // Packed all the time, so that each death may lie between the packed record and the removal of what it holds.
      config: { checkpointRecords: 4 },
    };
    void runEngine(deps, stop.signal);
    return { mortality, executor, stop };
  };

  let process = born();
  const journal = stores.journal<never>();
  const registry = new RunRegistry();
  const directory = makeRunDirectory({ journal, archive, logs, submitRun, registry, clock, random });
  const by = { kind: "api", user: "sim" } as const;
  await directory.submit(workflow, { namespace: "default", by, cause: "once" });

  for (let turn = 0; turn < maxTurns; turn++) {
    await clock.advanceBy(chance(1_500));
    await setImmediate();
    const row = await archive.get(key);
    if (row !== undefined && (await journal.keys()).length === 0) {
      process.stop.abort();
      return { starts: world.starts, deaths, told, stored: await linesOf(stores, key) };
    }
    if (process.mortality.dead) {
      process.stop.abort();
      deaths += 1;
      process = born();
    }
    act(process.executor, told, chance);
    if (workflow.spec.suspend === true && chance(50) === 0)
      await directory.resume(key, { by: "sim" }).catch(() => undefined);
  }
  process.stop.abort();
  throw new Error(`seed ${seed}: the run did not end`);
}

async function linesOf({ logs }: Stores, key: RunKey): Promise<ReadonlyMap<string, readonly string[]>> {
  const stored = new Map<string, string[]>();
  for await (const { nodeId, text } of logs.read(key, {})) {
    const lines = stored.get(nodeId) ?? [];
    stored.set(nodeId, lines);
    lines.push(text);
  }
  return stored;
}
