import type { Clock, Failpoints, Logger, Packing, Random } from "@sluice/base";
import type { Archive, ArtifactStore, Journal, KeyValue, LogStore, MemoStore, Resources } from "@sluice/bus";
import type { Definitions } from "../definitions/port.ts";
import type { Estimates } from "../estimation/estimate.ts";
import type { Executor } from "../executor/contract.ts";
import type { Fact } from "../facts.ts";
import type { RunPlaces } from "../locks/limit-book.ts";
import type { LockManager } from "../locks/lock-manager.ts";
import type { MetricsRegistry } from "../metrics/registry.ts";
import type { RunLimits } from "../run/state/run.ts";
import type { Shards } from "../shards/port.ts";
import type { ShardSettings } from "../shards/settings.ts";
import type { RunRegistry } from "./registry.ts";
import type { LogWriter } from "./steps/log-writer.ts";
import type { StepSlots } from "./steps/slots.ts";

export interface EngineConfig {
  /** Steps that run at once in this process. Default 64. */
  readonly maxParallelSteps?: number;
  /** Records of a run's journal after which it is packed into one. Default 500. */
  readonly checkpointRecords?: number;
  /** Runs that are under way at once, over all engines that share the bus; the others are Pending. Absent = any number. */
  readonly places?: RunPlaces;
  /** Bounds of one run; each has a default. */
  readonly limits?: Partial<RunLimits>;
}

export interface EngineDeps {
  readonly journal: Journal<Fact>;
  readonly archive: Archive;
  readonly logs: LogStore;
  /** Of which artifacts go with their run; absent where no executor saves any. */
  readonly artifacts?: ArtifactStore;
  /** By name; a workflow chooses with the annotation `sluice.dev/executor`. */
  readonly executors: ReadonlyMap<string, Executor>;
  readonly defaultExecutor: string;
  /** Templates and ConfigMaps that workflows refer to; absent = there are none. */
  readonly definitions?: Definitions;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
  /** How archive rows are packed; default on threads. */
  readonly packing?: Packing;
  /** Name of this process in the journal; each start adds a random part. */
  readonly identity: string;
  readonly config?: EngineConfig;
  /** With it, engines on one bus share the runs by leases; without, this engine takes every run. */
  readonly shards?: ShardSettings;
  /** Where the runs of this process can be seen; share it with `makeRunDirectory`. */
  readonly registry: RunRegistry;
  /** Where the metrics that workflows declare go, and what the engine says of itself. */
  readonly metrics?: MetricsRegistry;
  readonly coordination?: Coordination;
  /** How long runs may take; absent = nobody knows. */
  readonly estimates?: Estimates;
  /** Called once the unfinished runs were read and claimed: from then on the engine takes new ones. */
  readonly onRecovered?: () => void;
}

/** What runs share with each other, across processes. Without it, locks are denied and nothing is remembered. */
export interface Coordination {
  /** Bucket `locks`. */
  readonly locks: KeyValue;
  readonly memo: MemoStore;
  /** Where applied ConfigMaps are: limits of semaphores. */
  readonly resources?: Resources;
  /** A value of a ConfigMap that is not applied here but lies in the cluster. */
  readonly configMap?: (namespace: string, name: string, key: string) => Promise<string | undefined>;
}

/** What one run's actor works with. */
export interface LoopDeps extends Omit<EngineDeps, "shards"> {
  readonly shards: Shards;
  /** This start of this engine: its mark in the journal. */
  readonly engine: string;
  readonly slots: StepSlots;
  readonly logWriter: LogWriter;
  readonly locks?: LockManager;
  readonly memo?: MemoStore;
}

/** The annotation that names a workflow's executor. */
export const executorAnnotation = "sluice.dev/executor";
