// The engine's loop, its cron, and what is seen of its runs.

import { mkdir } from "node:fs/promises";
import { hostname } from "node:os";
import { resolve } from "node:path";
import type { Stores } from "@sluice/bus";
import {
  type CronDirectory,
  type EngineConfig,
  type Fact,
  type KeepNewest,
  type MetricsRegistry,
  makeRunDirectory,
  type RunDirectory,
  RunRegistry,
  runBindings,
  runEngine,
  runRetention,
} from "@sluice/engine";
import type { Config } from "../../config/config.ts";
import { openBus } from "../bus.ts";
import { makeDefinitions } from "../definitions.ts";
import { type ChosenExecutor, chooseExecutor } from "../executors.ts";
import { aborted, Roles } from "../readiness.ts";
import type { StartOptions } from "../start-options.ts";
import { submissionPolicy } from "./policy.ts";
import { isProcessGone, processMark } from "./process-mark.ts";
import { startCrons } from "./start-crons.ts";

/** Runs as they can be seen and asked, and those of this process. */
export interface OwnRuns {
  readonly registry: RunRegistry;
  readonly runs: RunDirectory;
}

export function openRuns({ config, scope, clock, random, log }: StartOptions, stores: Stores): OwnRuns {
  const registry = new RunRegistry();
  const { archive, artifacts, logs, submitRun } = stores;
  const runs = makeRunDirectory({
    ...{ journal: stores.journal<Fact>(), archive, artifacts, logs, submitRun, registry, clock, random },
    policy: submissionPolicy(config),
    log: log.child({ role: "runs" }),
    signal: scope.signal,
  });
  return { registry, runs };
}

export interface EngineParts extends OwnRuns {
  readonly stores: Stores;
  readonly chosen: ChosenExecutor;
  readonly roles: Roles;
  readonly metrics?: MetricsRegistry;
}

/** The engine's loop, the scheduler's, and what the API sees of their runs and cron workflows. */
export function startEngine(
  options: StartOptions,
  { stores, chosen, roles, metrics, registry, runs }: EngineParts,
): CronDirectory {
  const { config, scope, clock, random, log, failpoints } = options;
  const own = processMark();
  const journal = stores.journal<Fact>();
  const { archive, artifacts, logs } = stores;
  const onRecovered = roles.expect("engine");
  scope.spawn("engine", (signal) =>
    runEngine(
      {
        journal,
        archive,
        logs,
        artifacts,
        executors: new Map([[chosen.executor.kind, chosen.executor]]),
        defaultExecutor: chosen.executor.kind,
        clock,
        random,
        log: log.child({ role: "engine" }),
        failpoints,
        identity: hostname(),
        config: engineConfig(config),
        definitions: makeDefinitions(stores.resources, chosen.configMap),
        registry,
        estimates: runs,
        ...(metrics === undefined ? {} : { metrics }),
        coordination: {
          locks: stores.state("locks"),
          memo: stores.memo,
          resources: stores.resources,
          configMap: (namespace, name, key) => chosen.references.configMap(namespace, name, key),
        },
        shards: {
          leases: stores.state("leases"),
          count: config.shards,
          ...(own === undefined ? {} : { process: own }),
          isGone: isProcessGone,
        },
        onRecovered,
      },
      signal,
    ),
  );
  scope.spawn("bindings", (signal) => {
    const { resources, events, trail, dead } = stores;
    return runBindings(
      { resources, events, trail, dead, runs, clock, random, log: log.child({ role: "bindings" }) },
      signal,
    );
  });
  scope.spawn("retention", (signal) =>
    runRetention(
      {
        ...{ archive, runs, clock, log: log.child({ role: "retention" }) },
        claims: { journal, executors: [chosen.executor] },
        ...(config.retentionPolicy === undefined ? {} : { keep: config.retentionPolicy as KeepNewest }),
      },
      signal,
    ),
  );
  const measured = metrics === undefined ? {} : { metrics };
  return startCrons(options, { stores, runs, registry, roles, ...measured });
}

/**
 * An engine and an executor alone, beside other processes on the same bus: they share the runs.
 * Errors: those of the bus and the executor.
 */
export async function startEngineAlone(
  options: StartOptions,
): Promise<{ readonly dataDir: string; readonly executor: ChosenExecutor }> {
  const { config, scope, log } = options;
  const dataDir = resolve(config.data);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const roles = new Roles();
  const { stores } = await openBus({ ...options, dataDir, log: log.child({ role: "bus" }) });
  const own = openRuns(options, stores);
  const chosen = await chooseExecutor({
    ...options,
    dataDir,
    runs: own.runs,
    leases: stores.state("leases"),
    artifacts: stores.artifacts,
    log: log.child({ role: "executor" }),
  });
  startEngine(options, { ...own, stores, chosen, roles });
  await Promise.race([roles.ready(), aborted(scope.signal)]);
  return { dataDir, executor: chosen };
}

/** Runs and steps at once; 0 in the settings means any number. */
function engineConfig({ maxSteps, parallelism, namespaceParallelism }: Config): EngineConfig {
  if (parallelism === 0 && namespaceParallelism === 0) return { maxParallelSteps: maxSteps };
  return {
    maxParallelSteps: maxSteps,
    places: {
      ...(parallelism === 0 ? {} : { total: parallelism }),
      ...(namespaceParallelism === 0 ? {} : { perNamespace: namespaceParallelism }),
    },
  };
}
