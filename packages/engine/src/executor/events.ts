import type { SavedArtifact } from "./artifacts.ts";

/** What an executor tells of a step. Invariants (X): `contract.ts`. */
export type StepEvent =
  /** It waits for something (image, schedule): shown to users; may come several times. */
  | { readonly type: "pending"; readonly stepId: string; readonly at: number; readonly message: string }
  | {
      readonly type: "started";
      readonly stepId: string;
      readonly at: number;
      readonly host?: string;
    }
  /** Of a daemon: it runs, and the readiness probes of its containers, where they have one, succeed (X6). */
  | {
      readonly type: "ready";
      readonly stepId: string;
      readonly at: number;
      /** Where other steps reach it. */
      readonly ip?: string;
    }
  /** X7. How far it is by its own word: `N/M` of the file that `ARGO_PROGRESS_FILE` names, when that changed. */
  | { readonly type: "progress"; readonly stepId: string; readonly at: number; readonly progress: string }
  | { readonly type: "output"; readonly stepId: string; readonly lines: readonly StepLine[] }
  | {
      readonly type: "finished";
      readonly stepId: string;
      readonly at: number;
      readonly startedAt: number;
      /** Where it ran, when that was not told before. */
      readonly host?: string;
      /** 128 + signal number when a signal ended it. */
      readonly exitCode: number;
      readonly outputs: Readonly<Record<string, string | undefined>>;
      readonly result?: string;
      /** X7. What it said last of how far it is: `N/M`. */
      readonly progress?: string;
      /** By output parameter: why a file that is there could not be taken (too large). The node's phase is Error. */
      readonly unread?: Readonly<Record<string, string>>;
      /** Output artifacts that were saved, by name; one that was not there is in neither. */
      readonly artifacts?: Readonly<Record<string, SavedArtifact>>;
      /** By output artifact: why one that is there could not be saved. */
      readonly unsaved?: Readonly<Record<string, string>>;
      /** It could not do its work, and `message` says why: the node's phase is Error, not Failed. */
      readonly error?: true;
      /** Of a step of several containers: each one's end. */
      readonly containers?: readonly ContainerEnd[];
      /** It ran out of time and was stopped. */
      readonly deadline?: boolean;
      /** Said beside the exit code: "OOMKilled", the eviction's text. */
      readonly message?: string;
    }
  /** It is gone without an exit code (node lost, killed with its machine): the node's phase is Error. */
  | { readonly type: "lost"; readonly stepId: string; readonly at: number; readonly reason: string }
  /** It cannot be started as it is written: the node's phase is Error. */
  | {
      readonly type: "refused";
      readonly stepId: string;
      readonly at: number;
      readonly code: string;
      readonly message: string;
      readonly hint: string;
    };

/** How a started step ends: one of these comes for each (X2). */
export type StepEnd = Extract<StepEvent, { type: "finished" | "lost" | "refused" }>;

export const isStepEnd = (event: StepEvent): event is StepEnd =>
  event.type === "finished" || event.type === "lost" || event.type === "refused";

/** How one container of a step ended, or that it never began. */
export interface ContainerEnd {
  readonly name: string;
  readonly phase: "Succeeded" | "Failed" | "Error" | "Skipped" | "Omitted";
  readonly message?: string;
  /** Epoch ms; absent when it never began. */
  readonly startedAt?: number;
  readonly finishedAt?: number;
  readonly exitCode?: number;
}

export interface StepLine {
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  /** Without its newline; at most 64 kB, longer lines come in pieces. */
  readonly text: string;
  /** Which of several containers wrote it; absent = `main`. */
  readonly container?: string;
}
