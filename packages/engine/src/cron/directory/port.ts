import type { CronWorkflow } from "@sluice/spec";
import type { WorkflowObject } from "../../project/workflow-object.ts";
import type { CronArgument } from "../workflow.ts";

/** A CronWorkflow object in Argo's shape: plain JSON. */
export interface CronObject {
  readonly apiVersion: "argoproj.io/v1alpha1";
  readonly kind: "CronWorkflow";
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespace: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: CronWorkflow["spec"];
  readonly status: CronStatus;
}

export interface CronStatus {
  readonly phase: "Active" | "Stopped";
  /** The runs under way. */
  readonly active: readonly { readonly name: string; readonly namespace: string; readonly uid: string }[];
  readonly lastScheduledTime: string | null;
  readonly succeeded: number;
  readonly failed: number;
  readonly conditions: readonly {
    readonly type: string;
    readonly status: string;
    readonly message: string;
  }[];
  /** Beyond Argo's: the next instants; none while suspended or stopped. */
  readonly nextScheduledTimes: readonly string[];
  readonly missed: number;
  readonly skipped: number;
}

export interface CronList {
  readonly items: readonly CronObject[];
}

/** Instants of a span. */
export interface InstantsQuery {
  /** Epoch ms; an instant at it counts. */
  readonly start: number;
  /** Epoch ms; an instant at it counts. */
  readonly end: number;
  readonly limit: number;
}

export interface RunAtOptions {
  /** Epoch ms: one of its instants. */
  readonly instant: number;
  readonly argument?: CronArgument;
  /** Value of the backfill label. */
  readonly backfill?: string;
  /** Runs it although it ran; the same text gives the same run. */
  readonly again?: string;
}

/** `exists`: this instant ran before; its run may have been removed since. */
export type RunAtOutcome =
  | { readonly kind: "created"; readonly name: string; readonly workflow: WorkflowObject }
  | { readonly kind: "exists"; readonly name: string; readonly workflow?: WorkflowObject };

/** Cron workflows as clients see them, and what may be asked of them. */
export interface CronDirectory {
  /** By namespace and name. */
  list(namespace: string | undefined, labelSelector?: string): Promise<CronList>;
  /** Errors: ENGINE_CRON_NOT_FOUND. */
  get(namespace: string, name: string): Promise<CronObject>;
  /** Stores a manifest that was linted. Errors: ENGINE_CRON_EXISTS. */
  create(namespace: string, manifest: CronWorkflow): Promise<CronObject>;
  /** Errors: ENGINE_CRON_NOT_FOUND. */
  update(namespace: string, manifest: CronWorkflow): Promise<CronObject>;
  /** Its runs stay. Errors: ENGINE_CRON_NOT_FOUND. */
  delete(namespace: string, name: string): Promise<void>;
  /** Errors: ENGINE_CRON_NOT_FOUND. */
  suspend(namespace: string, name: string): Promise<CronObject>;
  /** Ends a suspension; one that its stopStrategy stopped goes on with counts at 0. Errors: ENGINE_CRON_NOT_FOUND. */
  resume(namespace: string, name: string): Promise<CronObject>;
  /** In order. Errors: ENGINE_CRON_NOT_FOUND. */
  instants(namespace: string, name: string, query: InstantsQuery): Promise<readonly number[]>;
  /**
   * Runs an instant of the past, once: it is the same run as the schedule's own. Errors: ENGINE_CRON_NOT_FOUND,
   * ENGINE_CRON_INSTANT when it is none or still to come, ENGINE_NAME_TAKEN, BUS_UNAVAILABLE.
   */
  runAt(namespace: string, name: string, options: RunAtOptions): Promise<RunAtOutcome>;
}
