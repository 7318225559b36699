import { fnv32a } from "@sluice/base";
import type { Artifact, Parameter } from "@sluice/spec";
import type { Progress } from "../../executor/progress.ts";
import type { ResourcesDuration } from "../../metrics/resources-duration.ts";
import type { TemplateUse } from "../../template/shape.ts";

export type NodeType =
  | "Pod"
  | "Container"
  | "HTTP"
  | "Steps"
  | "StepGroup"
  | "DAG"
  | "TaskGroup"
  | "Retry"
  | "Skipped"
  | "Suspend";

export type NodePhase = "Pending" | "Running" | "Succeeded" | "Skipped" | "Failed" | "Error" | "Omitted";
export type RunPhase = "Pending" | "Running" | "Succeeded" | "Failed" | "Error";

export interface NodeOutputs {
  parameters?: Parameter[];
  artifacts?: Artifact[];
  result?: string;
  exitCode?: string;
}

/** One node of a run's tree, with Argo's names. Written by the reducer only. */
export interface Node {
  readonly id: string;
  readonly name: string;
  displayName: string;
  type: NodeType;
  readonly templateName: string;
  /** How it is named when it is a template of another resource. */
  readonly templateRef?: TemplateUse["templateRef"];
  /** Where the use is written, when that is not the workflow: `namespaced/<name>` or `cluster/<name>`. */
  readonly templateScope?: string;
  phase: NodePhase;
  readonly boundaryId?: string;
  message?: string;
  /** Epoch ms. */
  startedAt: number;
  finishedAt?: number;
  readonly children: string[];
  outboundNodes?: readonly string[];
  inputs?: readonly Parameter[];
  inputArtifacts?: readonly Artifact[];
  outputs?: NodeOutputs;
  hostNodeName?: string;
  /** A daemon that is ready and has not ended. */
  daemoned?: true;
  /** Where a daemon answers; stays after its end. */
  podIp?: string;
  podName?: string;
  /** Of a Retry node: its last attempt, whose values siblings read. */
  lastAttempt?: Node;
  /** How far it is by its step's own word, or by its template's before. */
  progress?: Progress;
  /** What it took, once it ended: seconds of what it requests. */
  resourcesDuration?: ResourcesDuration;
  /** Key of its step while, and after, it is one. */
  stepId?: string;
  /** Its template has a cache: whether the outputs came from there. */
  memo?: { readonly hit: boolean; readonly key: string; readonly cacheName: string };
  hooked?: true;
  retried?: true;
}

/** Ended in any way. */
export const isFulfilled = (node: Node): boolean => node.phase !== "Pending" && node.phase !== "Running";
/** Ended after it really ran. */
export const isCompleted = (node: Node): boolean =>
  node.phase === "Succeeded" || node.phase === "Failed" || node.phase === "Error";
export const isBad = (phase: NodePhase): phase is "Failed" | "Error" =>
  phase === "Failed" || phase === "Error";

/** Argo's node id: the root has the run's name, the others a hash of their name. */
export const nodeId = (runName: string, nodeName: string): string =>
  nodeName === runName ? runName : `${runName}-${fnv32a(nodeName)}`;

/** Argo's pod name (its "v2" form), cut so that it stays a valid object name. */
export function podName(runName: string, template: string, nodeName: string): string {
  if (nodeName === runName) return runName;
  const prefix = template === "" ? runName : `${runName}-${template}`;
  return `${prefix.slice(0, 253 - 11)}-${fnv32a(nodeName)}`;
}

/** A node's name inside its boundary: `wf[0].hello(0:x)` in `wf` is `hello(0:x)`. */
export function displayName(name: string, boundaryName: string | undefined): string {
  if (boundaryName === undefined || !name.startsWith(boundaryName)) return name;
  return name.slice(boundaryName.length).replace(/^(\[\d+\])?\./, "");
}
