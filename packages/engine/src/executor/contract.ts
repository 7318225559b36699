// The Executor contract: how the engine has steps run, without knowing where.
// Invariants
//   X1. `start` is idempotent: a step id that is known already (running or finished) is attached to, never run again,
//       across restarts of this process.
//   X2. Exactly one of `finished`, `lost`, `refused` comes for each started step id, at least once; it comes again
//       after a restart until `forget` was called.
//   X3. After `stop` the step ends within its grace, and X2 holds.
//   X4. Output lines of a step come before its `finished`.
//   X6. Of a step that is a daemon, `ready` comes once others can use it, after `started` and before its end; it comes
//       again after a restart. One that ends before has none.
//   X5. Several executors may look at one place (a state folder, a cluster), each for the runs of its own engine: a step
//       is started once by all of them together, and what is another's is neither told, stopped nor removed.
import type { Container, ContainerSet, HttpTemplate, ResourceTemplate, Script } from "@sluice/spec";

/** What an executor needs to run one attempt of one leaf node. Every value is final: no templates are left in it. */
export interface StepRequest {
  /** Run uid + node id + attempt: names the container, pod or state folder. Lower-case letters, digits, '-' and '.'. */
  readonly id: string;
  readonly run: { readonly namespace: string; readonly name: string; readonly uid: string };
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

/** A persistent volume claim, in Kubernetes' shape. */
export interface VolumeClaim {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** How an artifact's content is packed. `level`: gzip's, -1 (its own choice) to 9; 0 = stored. */
export type ArtifactArchive =
  | { readonly kind: "none" }
  | { readonly kind: "tar"; readonly level?: number }
  | { readonly kind: "zip" };

export interface ArtifactInput {
  readonly name: string;
  /** Absolute, as the step sees it; without `..`. */
  readonly path: string;
  /** `key`: in the artifact repository, a file, or a folder when files lie under it. */
  readonly source:
    | { readonly kind: "raw"; readonly data: string }
    | { readonly kind: "key"; readonly key: string };
  /** Absent: seen from the content. */
  readonly archive?: ArtifactArchive["kind"];
  /** Only this part of it; relative. */
  readonly subPath?: string;
  /** Permission bits, of the path itself or, with `recurseMode`, of all below it. */
  readonly mode?: number;
  readonly recurseMode?: boolean;
  /** Nothing at the key is no error: the step starts without it. */
  readonly optional: boolean;
}

export interface ArtifactOutput {
  readonly name: string;
  /** Absolute, as the step sees it: a file or a folder. */
  readonly path: string;
  readonly key: string;
  readonly archive: ArtifactArchive;
  readonly optional: boolean;
}

export interface SavedArtifact {
  readonly key: string;
  /** As stored. */
  readonly bytes: number;
  /** SHA-256 of what is stored, for a single file or archive. */
  readonly hash?: string;
  /** For a folder that was saved file by file. */
  readonly files?: number;
}

export type StepWork =
  | { readonly kind: "container"; readonly container: Container }
  | { readonly kind: "script"; readonly script: Script }
  /** Several containers in one place, each after those that it depends on. */
  | { readonly kind: "containerSet"; readonly containerSet: ContainerSet }
  /** A request to an HTTP server; the answer's body is the result. */
  | {
      readonly kind: "http";
      readonly http: Omit<HttpTemplate, "successCondition">;
      readonly success?: Condition;
    }
  /** The keys under a key of the artifact repository ("" = all of the namespace), put through expressions over `data`. */
  | { readonly kind: "data"; readonly key: string; readonly transformation: readonly Condition[] }
  /** Something done to a Kubernetes object. */
  | ResourceWork;

export interface ResourceWork {
  readonly kind: "resource";
  readonly resource: Omit<
    ResourceTemplate,
    "manifest" | "manifestFrom" | "successCondition" | "failureCondition"
  >;
  readonly manifest?: Condition;
  /** The manifest is this artifact's content. */
  readonly manifestFrom?: ArtifactInput;
  readonly success?: Condition;
  readonly failure?: Condition;
  /** Output parameters that are read from the object. */
  readonly outputs: readonly {
    readonly name: string;
    readonly jsonPath?: string;
    readonly jqFilter?: string;
  }[];
}

/** An expression whose tags are known: their values are data in it, never part of its text. */
export interface Condition {
  readonly text: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Kinds that run as processes or pods; the others are done by the agent, inside this process. */
export type ContainerWork = Extract<StepWork, { readonly kind: "container" | "script" }>;

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

export type StepEvent =
  /** It waits for something (image, schedule): shown to users; may come several times. */
  | { readonly type: "pending"; readonly stepId: string; readonly at: number; readonly message: string }
  | {
      readonly type: "started";
      readonly stepId: string;
      readonly at: number;
      readonly host?: string;
      readonly podIP?: string;
    }
  /** Of a daemon: it runs, and the readiness probes of its containers, where they have one, succeed (X6). */
  | {
      readonly type: "ready";
      readonly stepId: string;
      readonly at: number;
      /** Where other steps reach it. */
      readonly ip?: string;
    }
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
      readonly usage?: { readonly cpuMs?: number; readonly maxRssBytes?: number };
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

export interface StepLine {
  readonly at: number;
  readonly stream: "stdout" | "stderr";
  /** Without its newline; at most 64 kB, longer lines come in pieces. */
  readonly text: string;
  /** Which of several containers wrote it; absent = `main`. */
  readonly container?: string;
}

/**
 * Whether the step is still this engine's to start: asked as late as can be, since the process may have been frozen after
 * `start` was called, while another engine ran the step and forgot it. False = nothing is started, and nothing is told.
 */
export type StartPermit = () => Promise<boolean>;

/** Runs steps. Owned by the composition root; disposing leaves running steps running, for the next process to adopt. */
export interface Executor extends AsyncDisposable {
  /** "local", "kubernetes". */
  readonly kind: string;
  /**
   * Names the place where steps keep running when this process ends. Engines of one site can adopt each other's steps; a
   * step of another site counts as lost with its engine. Absent: there is one place only.
   */
  readonly site?: string;
  /** Whether nothing of the step outlives its process, so that another site just starts it again. Default: no step. */
  isPlaceless?(step: StepRequest): boolean;
  /**
   * Resolves when the step is surely known to the executor (state written, pod created), not when it runs. It is among
   * the steps of this instance before the first wait, so that a `detach` that comes meanwhile finds it: else a start that
   * is not permitted any more would stand in the way of the next one.
   */
  start(step: StepRequest, permit?: StartPermit): Promise<void>;
  /** Asks the step to end: SIGTERM, and SIGKILL after its grace; `kill` at once. An unknown id is no error. */
  stop(stepId: string, how: "term" | "kill"): Promise<void>;
  /**
   * Called whenever the engine takes runs over, with the steps of theirs that it believes unfinished. Those that exist are
   * attached to, those that never started are left to `start`. What else runs here is stopped and removed if it is of a
   * run for which `owns` says so (by the uid that heads the step's id; default: every run), unless this instance started it.
   * `owns` is asked right before each removal, since the answer may change while this is under way.
   */
  adopt(
    known: readonly StepRequest[],
    owns?: (runUid: string) => boolean,
  ): Promise<{ readonly attached: readonly string[] }>;
  /**
   * Another engine has these steps: they run on, and from the call on are not told of here any more, nor is what waits to
   * be read; if they come back (`adopt`), they are told of from the beginning. Unknown ids are no error.
   */
  detach(stepIds: readonly string[]): Promise<void>;
  /** The engine has stored the step's end and output: state files and pods may go. */
  forget(stepId: string): Promise<void>;
  /** The run is over and needs the volumes of its own claims (`pod.volumeClaims`) no more. May come again. */
  forgetRun?(run: StepRequest["run"]): Promise<void>;
  /** One reader. Ends when `signal` aborts. */
  events(signal: AbortSignal): AsyncIterable<StepEvent>;
  /** How steps run here and why that way, for `sluice doctor`. */
  describe(): Promise<ExecutorDescription>;
}

export interface ExecutorDescription {
  readonly kind: string;
  /** "podman", "docker", "namespaces", "namespaces-unprivileged", "process", "kubernetes". */
  readonly isolation: string;
  readonly reason: string;
  readonly warnings: readonly string[];
}

/** The uid of the run that a step belongs to. */
export const runUidOf = (stepId: string): string => stepId.slice(0, Math.max(0, stepId.indexOf(".")));
