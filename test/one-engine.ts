import { noFailpoints, silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Journal, Stores } from "@sluice/bus";
import { type Executor, type Fact, makeRunDirectory, RunRegistry, runEngine } from "@sluice/engine";

/** An engine on these stores, with the real clock, and the directory of its runs, until the signal aborts. */
export function startEngine(
  stores: Stores,
  executor: Executor,
  {
    signal,
    journal = stores.journal<Fact>(),
    onRecovered = () => {},
  }: { readonly signal: AbortSignal; readonly journal?: Journal<Fact>; readonly onRecovered?: () => void },
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
      identity: "one",
      onRecovered,
    },
    signal,
  );
  return { engine, registry, directory: makeRunDirectory({ ...parts, submitRun, signal }) };
}
