import type { Stores } from "@sluice/bus";
import {
  type CronDirectory,
  type Fact,
  type MetricsRegistry,
  makeCronDirectory,
  type RunDirectory,
  type RunRegistry,
  runBackfills,
  runCron,
} from "@sluice/engine";
import type { Roles } from "../readiness.ts";
import type { StartOptions } from "../start-options.ts";

export interface CronParts {
  readonly stores: Stores;
  readonly runs: RunDirectory;
  /** The engine's of this process. */
  readonly registry: RunRegistry;
  readonly roles: Roles;
  readonly metrics?: MetricsRegistry;
}

/** The scheduler's loop, and what the API sees of cron workflows. */
export function startCrons(
  { config, scope, clock, log }: StartOptions,
  { stores, runs, registry, roles, metrics }: CronParts,
): CronDirectory {
  const zone = config.timezone;
  const state = stores.state("schedules");
  const { resources, archive } = stores;
  const onReady = roles.expect("cron");
  const journal = stores.journal<Fact>();
  scope.spawn("cron", (signal) =>
    runCron(
      {
        ...{ resources, state, runs, registry, archive, journal, clock, zone, onReady },
        ...(metrics === undefined ? {} : { metrics }),
        log: log.child({ role: "cron" }),
      },
      signal,
    ),
  );
  const crons = makeCronDirectory({ resources, state, runs, clock, zone });
  scope.spawn("backfills", (signal) =>
    runBackfills({ state, crons, runs, registry, clock, log: log.child({ role: "backfills" }) }, signal),
  );
  return crons;
}
