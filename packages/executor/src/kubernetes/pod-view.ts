// What a pod object says about its step. Pure.
import type { KubeObject } from "@sluice/kube";
import { mainContainer } from "./names.ts";

export type PodView =
  /** Not running yet. `stuck`: it cannot start as things are (`hopeless`: nothing can change that). */
  | { readonly kind: "waiting"; readonly message: string; readonly stuck?: "stuck" | "hopeless" }
  | {
      readonly kind: "running";
      readonly startedAt: number;
      readonly host?: string;
      readonly podIP?: string;
      /** All of its containers are ready, as their readiness probes say. */
      readonly isReady?: true;
    }
  | {
      readonly kind: "ended";
      readonly startedAt: number;
      readonly endedAt: number;
      readonly exitCode: number;
      readonly message?: string;
      /** The pod's own deadline, our backup, ended it. */
      readonly deadline?: boolean;
      /** The runtime could not start the command at all. */
      readonly notStarted?: string;
      /** Somebody asked for the pod's deletion at this time (epoch ms) or before. */
      readonly deletedAt?: number;
    }
  /** No exit code will come. */
  | { readonly kind: "lost"; readonly reason: string }
  /** The pod failed as a whole, by eviction or its deadline, without the container's exit code. */
  | { readonly kind: "failed"; readonly message: string; readonly deadline: boolean };

interface ContainerState {
  readonly waiting?: { readonly reason?: string; readonly message?: string };
  readonly running?: { readonly startedAt?: string };
  readonly terminated?: {
    readonly exitCode?: number;
    readonly signal?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly startedAt?: string;
    readonly finishedAt?: string;
  };
}

export interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly podIP?: string;
  readonly conditions?: readonly { type: string; status: string; reason?: string; message?: string }[];
  readonly containerStatuses?: readonly { name: string; ready?: boolean; state?: ContainerState }[];
  readonly initContainerStatuses?: readonly { name: string; state?: ContainerState }[];
}

/** Waiting reasons that heal by themselves only if the world changes. */
const stuckReasons = new Set([
  "ErrImagePull",
  "ImagePullBackOff",
  "ImageInspectError",
  "RegistryUnavailable",
  "CreateContainerConfigError",
  "CreateContainerError",
  "RunContainerError",
]);
const hopelessReasons = new Set(["InvalidImageName", "ErrImageNeverPull"]);

export function viewOf(pod: KubeObject): PodView {
  const status = (pod["status"] ?? {}) as PodStatus;
  const state = status.containerStatuses?.find((c) => c.name === mainContainer)?.state;
  if (state?.terminated !== undefined) return ended(pod, status, state.terminated);
  if (status.phase === "Failed") return failed(status);
  if (status.phase === "Unknown" || status.reason === "NodeLost")
    return { kind: "lost", reason: status.message ?? "its node is lost" };
  if (state?.running !== undefined) {
    const host = (pod["spec"] as { nodeName?: string } | undefined)?.nodeName;
    return {
      kind: "running",
      startedAt: timeOf(state.running.startedAt),
      ...(host === undefined ? {} : { host }),
      ...(status.podIP === undefined ? {} : { podIP: status.podIP }),
      ...(status.containerStatuses?.every(({ ready }) => ready === true) === true ? { isReady: true } : {}),
    };
  }
  return waiting(status, state);
}

function ended(pod: KubeObject, status: PodStatus, end: NonNullable<ContainerState["terminated"]>): PodView {
  const { deletionTimestamp, deletionGracePeriodSeconds } = pod.metadata;
  const deletedAt =
    deletionTimestamp === undefined
      ? undefined
      : timeOf(deletionTimestamp) - (deletionGracePeriodSeconds ?? 0) * 1_000;
  const failedToStart = end.reason === "StartError" || end.reason === "ContainerCannotRun";
  const message = endMessage(status, end);
  return {
    kind: "ended",
    startedAt: timeOf(end.startedAt),
    endedAt: timeOf(end.finishedAt),
    exitCode: end.exitCode ?? (end.signal === undefined ? 1 : 128 + end.signal),
    ...(message === undefined ? {} : { message }),
    ...(status.reason === "DeadlineExceeded" ? { deadline: true } : {}),
    ...(failedToStart ? { notStarted: end.message ?? end.reason ?? "it could not be started" } : {}),
    ...(deletedAt === undefined ? {} : { deletedAt }),
  };
}

function endMessage(status: PodStatus, end: NonNullable<ContainerState["terminated"]>): string | undefined {
  if (status.message !== undefined && status.message !== "") return status.message;
  if (end.reason === undefined || end.reason === "Completed" || end.reason === "Error") return undefined;
  return end.message === undefined || end.message === "" ? end.reason : `${end.reason}: ${end.message}`;
}

function failed(status: PodStatus): PodView {
  const message = status.message ?? status.reason ?? "the pod failed";
  const init = status.initContainerStatuses?.find((c) => (c.state?.terminated?.exitCode ?? 0) !== 0);
  if (init !== undefined)
    return {
      kind: "lost",
      reason: `init container '${init.name}' ended with exit code ${init.state?.terminated?.exitCode}`,
    };
  return { kind: "failed", message, deadline: status.reason === "DeadlineExceeded" };
}

function waiting(status: PodStatus, state: ContainerState | undefined): PodView {
  const reason = state?.waiting?.reason;
  if (reason !== undefined) {
    const detail = state?.waiting?.message;
    const message = detail === undefined ? reason : `${reason}: ${detail}`;
    if (hopelessReasons.has(reason)) return { kind: "waiting", message, stuck: "hopeless" };
    return stuckReasons.has(reason)
      ? { kind: "waiting", message, stuck: "stuck" }
      : { kind: "waiting", message };
  }
  const scheduled = status.conditions?.find((c) => c.type === "PodScheduled");
  if (scheduled?.status === "False")
    return { kind: "waiting", message: `${scheduled.reason ?? "Unschedulable"}: ${scheduled.message ?? ""}` };
  return { kind: "waiting", message: status.message ?? "Pending" };
}

const timeOf = (text: string | undefined): number => {
  const at = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(at) ? 0 : at;
};
