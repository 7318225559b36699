import type { Clock, Logger, Random } from "@sluice/base";
import type { Archive, ArtifactStore, Journal, LogStore, SubmitRun } from "@sluice/bus";
import type { Fact } from "../facts.ts";
import type { RunRegistry } from "../loop/registry.ts";
import type { SubmissionPolicy } from "../submission/policy.ts";

export interface RunDirectoryDeps {
  readonly journal: Journal<Fact>;
  readonly archive: Archive;
  readonly logs: LogStore;
  /** Of which a deleted run's artifacts go with it. */
  readonly artifacts?: ArtifactStore;
  readonly submitRun: SubmitRun;
  /** What every run gets, and what may be asked for. */
  readonly policy?: SubmissionPolicy;
  /** The engine's, when it is in this process. */
  readonly registry: RunRegistry;
  readonly clock: Clock;
  readonly random: Random;
  readonly log?: Logger;
  /** Lives as long as this: an index of the archive, made at the first list or watch. Without it each list reads all rows. */
  readonly signal?: AbortSignal;
}
