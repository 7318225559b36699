import { noFailpoints, silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Journal, Stores } from "@sluice/bus";
import { type Executor, type Fact, makeRunDirectory, RunRegistry, runEngine } from "@sluice/engine";

/** An engine of its own on these stores, and the directory of its runs, until the signal aborts. */
export function startEngine(
  stores: Stores,
  executor: Executor,
  {
    signal,
    journal = stores.journal<Fact>(),
  }: { readonly signal: AbortSignal; readonly journal?: Journal<Fact> },
) {
  const { archive, logs, submitRun } = stores;
  const registry = new RunRegistry();
  const parts = { journal, archive, logs, registry, clock: systemClock, random: systemRandom };
  const engine = runEngine(
    {
      ...parts,
      executors: new Map([["manual", executor]]),
      defaultExecutor: "manual",
      log: silentLogger,
      failpoints: noFailpoints,
      identity: "bench",
    },
    signal,
  );
  return { engine, registry, directory: makeRunDirectory({ ...parts, submitRun, signal }) };
}
