import type { CauseRef, RunRequester, Workflow } from "@sluice/spec";
import type { Estimates } from "../estimation/estimate.ts";
import type { WorkflowObject } from "../project/workflow-object.ts";
import type { RunKeyed } from "../run/state/run.ts";
import type { LabelValues } from "./lookup/labels.ts";
import type { RetryOptions } from "./rerun/rerun.ts";

export interface SubmitOptions {
  readonly namespace: string;
  readonly by: RunRequester;
  /** Idempotency: the same cause gives the same run. Absent: each call is a run of its own. */
  readonly cause?: string;
  readonly causes?: readonly CauseRef[];
  readonly traceparent?: string;
}

export interface Submitted {
  readonly workflow: WorkflowObject;
  /** `duplicate`: this cause had its run before; when that is deleted by now, `workflow` is as it was submitted. */
  readonly outcome: "created" | "duplicate";
}

export interface RunQuery {
  /** `key=value`, `key!=value`, `key in (a,b)`, `key`, `!key`, joined by commas. */
  readonly labelSelector?: string;
  readonly phases?: readonly string[];
  readonly name?: { readonly how: "Exact" | "Prefix" | "Contains"; readonly text: string };
  /** Name of the WorkflowTemplate, ClusterWorkflowTemplate or CronWorkflow that it is a run of. */
  readonly template?: string;
  /** Id, source or `source/event` of an event that it was started by. */
  readonly cause?: string;
  /** Epoch ms; `After` includes the moment, `Before` does not. What runs is not finished. */
  readonly createdAfter?: number;
  readonly createdBefore?: number;
  readonly finishedAfter?: number;
  readonly finishedBefore?: number;
  /** Default 500. */
  readonly limit?: number;
  /** From the answer before. */
  readonly continue?: string;
}

export interface RunList {
  /** Newest first. */
  readonly items: readonly WorkflowObject[];
  readonly continue?: string;
}

export interface RunEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: WorkflowObject;
}

export interface ResubmitOptions {
  readonly by: string;
  /** What went well is taken over, and not done again; only for runs that failed. */
  readonly memoized?: boolean;
  readonly parameters?: Readonly<Record<string, string>>;
  /** In place of the manifest's. */
  readonly priority?: number;
  /** Idempotency, as of a submission. */
  readonly cause?: string;
}

interface By {
  /** Who asks. */
  readonly by: string;
}

/** Every run there is, running or archived, and what may be asked of it. */
export interface RunDirectory extends Estimates {
  /** Starts a run of a manifest that was linted. Errors: ENGINE_NAME_TAKEN, BUS_UNAVAILABLE. */
  submit(manifest: Workflow, options: SubmitOptions): Promise<Submitted>;
  /** Errors: ENGINE_RUN_NOT_FOUND. */
  get(namespace: string, name: string): Promise<WorkflowObject>;
  /** By the uid that it has, or had before a retry; undefined when there is none. */
  findByUid(uid: string): Promise<WorkflowObject | undefined>;
  /** Labels of the finished ones. Without a namespace: of all. */
  labels(namespace: string | undefined): Promise<LabelValues>;
  /** Without a namespace: of all. */
  list(namespace: string | undefined, query?: RunQuery): Promise<RunList>;
  /** First what is there (ADDED), then changes, until the signal aborts. Watching one name ends after DELETED. */
  watch(
    namespace: string | undefined,
    query: { readonly name?: string; readonly labelSelector?: string },
    signal: AbortSignal,
  ): AsyncIterable<RunEvent>;
  stop(
    key: RunKeyed,
    options: By & { readonly message?: string; readonly nodeFieldSelector?: string },
  ): Promise<void>;
  terminate(key: RunKeyed, options: By & { readonly message?: string }): Promise<void>;
  suspend(key: RunKeyed, options: By): Promise<void>;
  resume(
    key: RunKeyed,
    options: By & {
      readonly nodeFieldSelector?: string;
      readonly outputParameters?: Readonly<Record<string, string>>;
    },
  ): Promise<void>;
  /** Sets outputs, phase or message of waiting suspend nodes. */
  set(
    key: RunKeyed,
    options: By & {
      readonly nodeFieldSelector: string;
      readonly outputParameters?: Readonly<Record<string, string>>;
      readonly phase?: "Succeeded" | "Failed" | "Error";
      readonly message?: string;
    },
  ): Promise<void>;
  /**
   * Changes labels and annotations of a run that is not over; null takes one away.
   * Errors: ENGINE_LABEL_INVALID, ENGINE_RUN_NOT_FOUND, ENGINE_RUN_FINISHED.
   */
  label(
    key: RunKeyed,
    options: By & {
      readonly labels?: Readonly<Record<string, string | null>>;
      readonly annotations?: Readonly<Record<string, string | null>>;
    },
  ): Promise<void>;
  /** Goes on with a run that failed: what went well stays. Errors: ENGINE_RUN_NOT_FOUND, ENGINE_RETRY_REFUSED, ENGINE_RETRY_TOO_SOON. */
  retry(key: RunKeyed, options: By & RetryOptions): Promise<WorkflowObject>;
  /** Another run of the same manifest. Errors: ENGINE_RUN_NOT_FOUND, ENGINE_RETRY_REFUSED. */
  resubmit(key: RunKeyed, options: ResubmitOptions): Promise<WorkflowObject>;
  /**
   * Ends it when it runs, and removes it, its logs and its archive row. Its cause cannot run again. With a uid only that
   * run is meant: one that is tried again under another uid is not there.
   */
  delete(key: RunKeyed, options: By & { readonly uid?: string }): Promise<void>;
}
