import { hashUid, nameSuffix } from "@sluice/base";
import type { Artifact, Parameter } from "../workflow/parameter.ts";
import type { Template } from "../workflow/template.ts";
import type { Workflow, WorkflowSpec } from "../workflow/workflow.ts";
import type { CauseRef } from "./cloud-event.ts";

/** Who asked for a run. */
export type RunRequester =
  | { readonly kind: "api"; readonly user: string }
  | { readonly kind: "trigger"; readonly sensor: string; readonly trigger: string; readonly request: string }
  | { readonly kind: "schedule"; readonly cron: string; readonly at: number };

/**
 * With the value `data`, nothing in the run's own arguments is taken for a tag. Runs that a trigger or a step asked for have
 * it, and keep it when they are repeated.
 */
export const argumentsAnnotation = "sluice.dev/arguments";

/** The first fact of a run's journal. Whoever starts a run (API, trigger, schedule) writes exactly this. */
export interface RunSubmitted {
  readonly type: "submitted";
  /** Epoch ms. */
  readonly at: number;
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** The manifest as asked for, parsed and valid. */
  readonly workflow: Workflow;
  readonly by: RunRequester;
  readonly causes: readonly CauseRef[];
  readonly traceparent: string;
  /** What is taken from an earlier run instead of being done again. */
  readonly reuse?: Reuse;
  /** The installation's `workflowDefaults` when it was asked for: they count where neither workflow nor template says more. */
  readonly defaults?: RunDefaults;
}

/** Under every workflow: its own fields win, then those of its workflowTemplateRef. */
export interface RunDefaults {
  readonly metadata?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: Partial<WorkflowSpec>;
}

/** Results of an earlier run: of the same one, tried again, or of another that this one repeats. */
export interface Reuse {
  readonly kind: "retry" | "resubmit";
  readonly of: { readonly name: string; readonly uid: string };
  /** Uids under which this run was tried before, the first one first; their causes start nothing any more. */
  readonly earlier?: readonly string[];
  /** Epoch ms: when a run that is tried again was asked for the first time. */
  readonly createdAt?: number;
  /** By node name behind the run's own: `[0].a(1:x)`; the root is "". */
  readonly nodes: Readonly<Record<string, ReusedNode>>;
  /** What the earlier run took from other resources: it is not looked up again. */
  readonly stored?: {
    /** The workflow merged with the template that it refers to. */
    readonly base?: WorkflowSpec;
    /** By scope: `namespaced/<name>` or `cluster/<name>`. */
    readonly templates?: Readonly<Record<string, readonly Template[]>>;
  };
}

/** A leaf that is taken over as it ended: it went well, or its failure was none to what came after it. */
export interface ReusedNode {
  readonly type: string;
  readonly phase: "Succeeded" | "Skipped" | "Failed" | "Error";
  /** Epoch ms. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly message?: string;
  readonly podName?: string;
  readonly hostNodeName?: string;
  /** Where it answered: a daemon that is not needed again. */
  readonly podIP?: string;
  readonly outputs?: {
    readonly parameters?: readonly Parameter[];
    readonly artifacts?: readonly Artifact[];
    readonly result?: string;
    readonly exitCode?: string;
  };
  readonly resourcesDuration?: { readonly cpu: number; readonly memory: number };
  /** Of a pod: how far it was, `N/M`. */
  readonly progress?: string;
  /** Of a Retry node, in their order. */
  readonly attempts?: readonly ReusedNode[];
  /** Of the pod of a containerSet. */
  readonly containers?: readonly ReusedContainer[];
}

export interface ReusedContainer {
  readonly name: string;
  readonly phase: "Succeeded" | "Failed" | "Error" | "Skipped" | "Omitted";
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly message?: string;
  readonly exitCode?: number;
}

/** Characters of the suffix that `generateName` gets: of 27^10 names, 100,000 runs of one prefix meet once in 40,000 times. */
const suffixLength = 10;

/** Longest workflow name, as in Argo: it becomes a label value. */
export const maxWorkflowName = 63;

/**
 * A run's uid and name from what caused it: the same cause gives the same run (P3).
 * `cause` is a trigger request's id, a client's idempotency key, or a random id where there is none.
 */
export function runIdentity(
  metadata: { readonly name?: string | undefined; readonly generateName?: string | undefined },
  cause: string,
): { readonly uid: string; readonly name: string } {
  const uid = hashUid("run", cause);
  const prefix = (metadata.generateName ?? "workflow-").slice(0, maxWorkflowName - suffixLength);
  return { uid, name: metadata.name ?? `${prefix}${nameSuffix(uid, suffixLength)}` };
}
