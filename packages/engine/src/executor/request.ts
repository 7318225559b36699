import type { ArtifactInput, ArtifactOutput } from "./artifacts.ts";
import type { StepWork } from "./work.ts";

/** What an executor needs to run one attempt of one leaf node. Every value is final: no templates are left in it. */
export interface StepRequest {
  /** Run uid + node id + attempt: names the container, pod or state folder. Lower-case letters, digits, '-' and '.'. */
  readonly id: string;
  readonly run: {
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
    /** Its first uid, where it is tried again under another: its claims are those of the first time. */
    readonly firstUid?: string;
  };
  readonly node: {
    readonly id: string;
    readonly name: string;
    readonly template: string;
    readonly attempt: number;
  };
  readonly work: StepWork;
  /** Files to read back as output parameters; one trailing newline is cut; one that does not exist comes back as undefined. */
  readonly outputPaths: readonly { readonly name: string; readonly path: string }[];
  /** Files and folders to bring before it starts, and to save after its end; absent = none. */
  readonly artifacts?:
    | { readonly inputs: readonly ArtifactInput[]; readonly outputs: readonly ArtifactOutput[] }
    | undefined;
  /** Whether stdout is wanted as the step's result: its last 256 kB, after one trailing newline is cut. */
  readonly captureResult: boolean;
  /** It goes on while others use it: `ready` is wanted. */
  readonly daemon?: boolean;
  /** Epoch ms after which the step is stopped and ends as `finished` with `deadline: true`. */
  readonly deadlineAt?: number;
  /** Ms between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  readonly traceparent: string;
  /** Pod-level fields of template and workflow (volumes, nodeSelector, serviceAccountName …), in Kubernetes' names. */
  readonly pod: Readonly<Record<string, unknown>>;
  /** The run's own claims (`pod.volumeClaims`), which its steps share: made before the first of them runs. */
  readonly claims?: readonly VolumeClaim[];
  /** Labels and annotations for the pod. */
  readonly metadata: {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
}

/** Whose the run's own claims are, over all its retries. */
export const claimOwnerOf = ({ uid, firstUid }: StepRequest["run"]): string => firstUid ?? uid;

/** A persistent volume claim, in Kubernetes' shape. */
export interface VolumeClaim {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}
