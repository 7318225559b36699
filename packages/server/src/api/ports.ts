// What the API needs from the rest. Everything is handed in by the composition root.
import type { Clock, Failpoints, Logger, Random } from "@sluice/base";
import type { Stores } from "@sluice/bus";
import type { BackfillDirectory, CronDirectory, RunDirectory } from "@sluice/engine";
import type { SourcesStatus } from "@sluice/sources";
import type { LintOptions, RunDefaults } from "@sluice/spec";

/** How the sensors are doing; the object for each is shown as it is. */
export interface SensorsStatus {
  get(namespace: string, name: string): unknown;
}

/** Which roles are ready. */
export interface Readiness {
  /** Names of the roles that are not ready yet; empty = ready. */
  waiting(): readonly string[];
}

/** Takes Secrets and ConfigMaps of applied files where there is no cluster; absent = they are refused. */
export interface ReferenceWriter {
  put(kind: "Secret" | "ConfigMap", namespace: string, name: string, manifest: object): Promise<void>;
}

export interface ServerDeps {
  readonly runs: RunDirectory;
  readonly crons: CronDirectory;
  readonly backfills: BackfillDirectory;
  readonly stores: Pick<
    Stores,
    | "events"
    | "triggers"
    | "dead"
    | "quarantine"
    | "trail"
    | "logs"
    | "resources"
    | "archive"
    | "artifacts"
    | "state"
  >;
  readonly sources: SourcesStatus;
  readonly sensors: SensorsStatus;
  readonly readiness: Readiness;
  readonly references?: ReferenceWriter;
  /** The kinds' schemas and the executor, as `sluice lint` uses them. */
  readonly lint: LintOptions;
  /** What the settings give every workflow: lint sees it too. */
  readonly defaults?: RunDefaults;
  /** What `doctor` shows: read at each request. */
  readonly doctor: () => Promise<Readonly<Record<string, unknown>>>;
  /** Everything that is measured, in Prometheus' text format; absent = there is no /metrics. */
  readonly metrics?: () => string;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}
