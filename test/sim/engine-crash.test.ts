// A seeded world in which the engine's process dies between any two of its operations, again and again.
import { noFailpoints, SeededRandom } from "@sluice/base";
import { type EngineDeps, makeRunDirectory, RunRegistry, runEngine } from "@sluice/engine";
import { aWorkflow, EngineBench, ManualExecutor, manualWorld, shTemplate } from "@sluice/engine/testing";
import { expect, test } from "vitest";

const key = { namespace: "default", name: "wf" };

const workflow = () =>
  aWorkflow({
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
  });

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
        return (...args: unknown[]) => this.#call(() => member.apply(target, args) as unknown);
      },
    });
  }

  #call(act: () => unknown): unknown {
    if (this.dead) return never;
    this.#left -= 1;
    if (this.#left > 0) return this.#alive(act());
    this.dead = true;
    if (this.#after) act();
    return never;
  }

  /** An answer that comes after death is not heard. */
  #alive(result: unknown): unknown {
    if (!(result instanceof Promise)) return result;
    return result.then((value: unknown) => (this.dead ? never : value));
  }
}

const never = new Promise<never>(() => {});

async function simulate(
  seed: number,
): Promise<{ readonly starts: readonly string[]; readonly deaths: number }> {
  const random = new SeededRandom(seed);
  const chance = (n: number) => Math.floor(random.next() * n);
  const bench = new EngineBench();
  const world = manualWorld();
  const { archive, logs, submitRun } = bench.stores;
  let deaths = 0;

  const born = () => {
    const mortality = new Mortality(3 + chance(25), chance(2) === 0);
    const executor = new ManualExecutor({ now: () => bench.clock.now(), world });
    const registry = new RunRegistry();
    const stop = new AbortController();
    const deps: EngineDeps = {
      journal: mortality.over(bench.stores.journal()),
      archive: mortality.over(archive),
      logs: mortality.over(logs),
      executors: new Map([["manual", mortality.over(executor)]]),
      defaultExecutor: "manual",
      clock: bench.clock,
      random: new SeededRandom(chance(2 ** 30)),
      log: bench.log,
      failpoints: noFailpoints,
      identity: "sim",
      registry,
    };
    void runEngine(deps, stop.signal);
    return { mortality, executor, stop };
  };

  let process = born();
  const registry = new RunRegistry();
  const journal = bench.stores.journal<never>();
  const directory = makeRunDirectory({
    journal,
    archive,
    logs,
    submitRun,
    registry,
    clock: bench.clock,
    random,
  });
  await directory.submit(workflow(), {
    namespace: "default",
    by: { kind: "api", user: "sim" },
    cause: "once",
  });

  for (let turn = 0; turn < 2_000; turn++) {
    await bench.clock.advanceBy(chance(1_500));
    const row = await archive.get(key);
    if (row !== undefined && (await journal.keys()).length === 0) return { starts: world.starts, deaths };
    if (process.mortality.dead) {
      process.stop.abort();
      deaths += 1;
      process = born();
    }
    const running = process.executor.running;
    const step = running[chance(running.length)];
    if (step !== undefined && chance(2) === 0)
      process.executor.end(step, {
        exitCode: chance(4) === 0 ? 1 : 0,
        result: chance(2) === 0 ? "heads" : "tails",
      });
  }
  throw new Error(`seed ${seed}: the run did not end`);
}

test("whenever the engine dies, the run goes on to its end and no step runs twice", async () => {
  let deaths = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const ended = await simulate(seed);
    deaths += ended.deaths;
    expect(ended.starts.length, `seed ${seed}`).toBeGreaterThan(0);
    expect(new Set(ended.starts).size, `seed ${seed}: a step ran twice`).toBe(ended.starts.length);
  }
  expect(deaths).toBeGreaterThan(60);
});
