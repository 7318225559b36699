// The Executor contract: how the engine has steps run, without knowing where.
// Invariants
//   X1. `start` is idempotent: a step id that is known already (running or finished) is attached to, never run again,
//       across restarts of this process.
//   X2. Exactly one of `finished`, `lost`, `refused` comes for each started step id, at least once; it comes again
//       after a restart until `forget` was called.
//   X3. After `stop` the step ends within its grace, and X2 holds.
//   X4. Output lines of a step come before its `finished`.
//   X5. Several executors may look at one place (a state folder, a cluster), each for the runs of its own engine: a step
//       is started once by all of them together, and what is another's is neither told, stopped nor removed.
//   X6. Of a step that is a daemon, `ready` comes once others can use it, after `started` and before its end; it comes
//       again after a restart. One that ends before has none.
//   X7. What a step writes to the file that `ARGO_PROGRESS_FILE` names is told within a few seconds, and at its end; a text
//       that is no `N/M` is passed over. The newest word counts: after a restart it is told again.
import type { StepEvent } from "./events.ts";
import type { StepRequest } from "./request.ts";

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

/**
 * Whether the step is still this engine's to start: asked as late as can be, since the process may have been frozen after
 * `start` was called, while another engine ran the step and forgot it. False = nothing is started, and nothing is told.
 */
export type StartPermit = () => Promise<boolean>;

export interface ExecutorDescription {
  readonly kind: string;
  /** "podman", "docker", "namespaces", "namespaces-unprivileged", "process", "kubernetes". */
  readonly isolation: string;
  readonly reason: string;
  readonly warnings: readonly string[];
}

/** The uid of the run that a step belongs to. */
export const runUidOf = (stepId: string): string => stepId.slice(0, Math.max(0, stepId.indexOf(".")));
