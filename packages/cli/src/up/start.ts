// Starts every role of Sluice in this process and joins them: the composition root of `up` and `demo`.
// Order: bus → executor → engine → API → ingress, sources, sensors, triggers; closing goes the other way.
import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import { runCollector, type Stores } from "@sluice/bus";
import {
  type MetricEmission,
  MetricsRegistry,
  makeBackfillDirectory,
  type SubmissionPolicy,
  withPolicy,
} from "@sluice/engine";
import { runSensors, SensorsStatus } from "@sluice/sensors";
import { makeIngress, makeServer } from "@sluice/server";
import { runSources, SourcesBoard } from "@sluice/sources";
import { defaultTriggersConfig, runTriggers, triggerRegistry } from "@sluice/triggers";
import { readSecret } from "../config/load.ts";
import { kindSchemas } from "../kinds.ts";
import { version } from "../version.ts";
import { outboundPolicyOf } from "./agent.ts";
import { type OpenBus, openBus } from "./bus.ts";
import { makeDoctor } from "./doctor.ts";
import { submissionPolicy } from "./engine/policy.ts";
import { openRuns, startEngine } from "./engine/start-engine.ts";
import { type ChosenExecutor, chooseExecutor } from "./executors.ts";
import { makeReferenceWriter } from "./local-references.ts";
import { countedLogger } from "./log/counted-logger.ts";
import { aborted, Roles } from "./readiness.ts";
import type { StartOptions } from "./start-options.ts";

export interface RunningSluice {
  /** Address of the API. */
  readonly url: string;
  readonly dataDir: string;
  readonly bus: OpenBus;
  readonly stores: Stores;
  readonly executor: ChosenExecutor;
  readonly sources: SourcesBoard;
  readonly sensors: SensorsStatus;
}

/** Resolves when every role is ready. Errors: those of the bus and the executor, SERVER_LISTEN, SERVER_TOKEN_REQUIRED. */
export async function startSluice(given: StartOptions): Promise<RunningSluice> {
  const metrics = new MetricsRegistry();
  metrics.collect(() => [versionMetric]);
  const options: StartOptions = { ...given, log: countedLogger(given.log, metrics) };
  const { config, scope, clock, random, log, failpoints } = options;
  const dataDir = resolve(config.data);
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const roles = new Roles();
  const bus = await openBus({ ...options, dataDir, log: log.child({ role: "bus" }) });
  roles.watch("bus", bus.trouble);
  const { stores } = bus;
  const own = openRuns(options, stores);
  const { runs } = own;
  const chosen = await chooseExecutor({
    ...options,
    dataDir,
    runs,
    leases: stores.state("leases"),
    artifacts: stores.artifacts,
    log: log.child({ role: "executor" }),
  });

  const crons = startEngine(options, { ...own, stores, chosen, roles, metrics });
  const sources = new SourcesBoard();
  const sensors = new SensorsStatus();
  const ingress = scope.use(
    makeIngress({ host: config.ingressHost, clock, log: log.child({ role: "ingress" }) }),
  );
  const token = await readSecret(config.apiToken);
  const server = scope.use(
    makeServer(
      {
        runs,
        crons,
        backfills: makeBackfillDirectory({ state: stores.state("schedules"), crons, clock }),
        stores,
        sources,
        sensors,
        readiness: roles,
        lint: { kinds: kindSchemas() },
        ...defaultsOf(submissionPolicy(config)),
        ...(chosen.referencesFolder === undefined
          ? {}
          : { references: makeReferenceWriter(chosen.referencesFolder) }),
        metrics: () => metrics.text(),
        doctor: makeDoctor({ config, dataDir, bus, executor: chosen }),
        version,
        clock,
        random,
        log: log.child({ role: "api" }),
        failpoints,
      },
      { host: config.host, port: config.port, ...(token === undefined ? {} : { token }) },
    ),
  );
  const url = await server.listen();

  const common = { clock, random, failpoints, references: chosen.references };
  scope.spawn("triggers", (signal) =>
    runTriggers(
      {
        ...common,
        queue: stores.triggers,
        trail: stores.trail,
        dead: stores.dead,
        submitRun: withPolicy(stores.submitRun, submissionPolicy(config)),
        kinds: triggerRegistry,
        config: {
          ...defaultTriggersConfig,
          http: { ...defaultTriggersConfig.http, ...outboundPolicyOf(config) },
        },
        log: log.child({ role: "triggers" }),
      },
      signal,
    ),
  );
  scope.spawn("sensors", (signal) =>
    runSensors(
      {
        ...stores,
        ...common,
        state: stores.state("sensor-state"),
        status: sensors,
        log: log.child({ role: "sensors" }),
      },
      signal,
    ),
  );
  scope.spawn("collector", (signal) =>
    runCollector({ transport: bus.transport, clock, log: log.child({ role: "collector" }) }, signal),
  );
  const sourcesReady = roles.expect("sources");
  scope.spawn("sources", (signal) =>
    runSources(
      {
        ...common,
        resources: stores.resources,
        events: stores.events,
        trail: stores.trail,
        ingress,
        board: sources,
        log: log.child({ role: "sources" }),
      },
      signal,
    ),
  );
  void sources.until((board) => board.ready, scope.signal).then(sourcesReady, () => {});
  await Promise.race([roles.ready(), aborted(scope.signal)]);
  return { url, dataDir, bus, stores, executor: chosen, sources, sensors };
}

const defaultsOf = ({ defaults }: SubmissionPolicy) => (defaults === undefined ? {} : { defaults });

const versionMetric: MetricEmission = {
  kind: "gauge",
  operation: "Set",
  name: "version",
  help: "The version of this server",
  value: 1,
  labels: [["version", version]],
};
