// What the API needs from the rest. Everything is handed in by the composition root.
import type { Clock, Failpoints, Logger, Random } from "@sluice/base";
import type { RunKey, Stores } from "@sluice/bus";
import type { SourcesStatus } from "@sluice/sources";
import type { CauseRef, LintOptions, RunRequester, Workflow } from "@sluice/spec";

/** A workflow in Argo's shape (spec and status), as clients see it. */
export interface WorkflowObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly creationTimestamp: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly spec: unknown;
  readonly status?: {
    readonly phase?: string;
    readonly nodes?: Readonly<Record<string, WorkflowNode>>;
    readonly [key: string]: unknown;
  };
}

export interface WorkflowNode {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly templateName?: string;
  readonly [key: string]: unknown;
}

export interface WorkflowChange {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: WorkflowObject;
}

export type Submitted =
  | { readonly kind: "created" | "duplicate"; readonly workflow: WorkflowObject }
  | { readonly kind: "name-taken" };

/** The runs, as the engine's directory knows them. Unknown runs are undefined at `get` and ENGINE_RUN_NOT_FOUND elsewhere. */
export interface WorkflowRuns {
  submit(request: {
    readonly workflow: Workflow;
    readonly namespace: string;
    /** The same cause gives the same run (P3). */
    readonly cause: string;
    readonly by: RunRequester;
    readonly causes: readonly CauseRef[];
  }): Promise<Submitted>;
  get(key: RunKey): Promise<WorkflowObject | undefined>;
  list(namespace: string | undefined): Promise<readonly WorkflowObject[]>;
  /** First all there is as ADDED, then changes. */
  watch(namespace: string | undefined, signal: AbortSignal): AsyncIterable<WorkflowChange>;
  stop(key: RunKey, by: string, options: StopOptions): Promise<WorkflowObject>;
  suspend(key: RunKey, by: string): Promise<WorkflowObject>;
  resume(key: RunKey, by: string, options: { readonly selector?: string }): Promise<WorkflowObject>;
  setOutputs(key: RunKey, by: string, options: SetOptions): Promise<WorkflowObject>;
  delete(key: RunKey, by: string): Promise<void>;
}

export interface StopOptions {
  readonly strategy: "Stop" | "Terminate";
  readonly message?: string;
  readonly selector?: string;
}

export interface SetOptions {
  readonly selector: string;
  readonly parameters?: Readonly<Record<string, string>>;
  readonly phase?: "Succeeded" | "Failed" | "Error";
  readonly message?: string;
}

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
  readonly runs: WorkflowRuns;
  readonly stores: Pick<Stores, "events" | "triggers" | "dead" | "trail" | "logs" | "resources" | "archive">;
  readonly sources: SourcesStatus;
  readonly sensors: SensorsStatus;
  readonly readiness: Readiness;
  readonly references?: ReferenceWriter;
  /** The kinds' schemas and the executor, as `sluice lint` uses them. */
  readonly lint: LintOptions;
  /** What `doctor` shows: read at each request. */
  readonly doctor: () => Promise<Readonly<Record<string, unknown>>>;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
}
