import type { Clock, Logger } from "@sluice/base";
import type { Archive, Journal, KeyValue, Resources } from "@sluice/bus";
import type { RunDirectory } from "../directory/port.ts";
import type { Fact } from "../facts.ts";
import type { RunRegistry } from "../loop/registry.ts";
import type { MetricsRegistry } from "../metrics/registry.ts";

export interface CronDeps {
  readonly resources: Resources;
  /** KV `schedules`. */
  readonly state: KeyValue;
  readonly runs: Pick<RunDirectory, "submit" | "terminate" | "delete" | "get">;
  /** The engine's, when it is in this process: ends of its runs are seen at once. */
  readonly registry: RunRegistry;
  readonly archive: Archive;
  readonly journal: Journal<Fact>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Time zone of cron workflows that name none. */
  readonly zone: string;
  readonly metrics?: MetricsRegistry;
  /** Called once, when all that is stored was read. */
  readonly onReady?: () => void;
}
