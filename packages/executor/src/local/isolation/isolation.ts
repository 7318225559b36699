// A kind of isolation: how a planned step is laid out in its folder, started, signalled and killed.

import type { StepRequest } from "@sluice/engine";
import type { WholePlan } from "../crew/crew-plan.ts";
import type { StepFolder } from "../step/step-folder.ts";

import type { Supervised } from "./supervised.ts";

export type IsolationName = "podman" | "docker" | "namespaces" | "namespaces-unprivileged" | "process";

export interface BesideCommand {
  readonly argv: readonly string[];
  /** As its container's; absent = where that starts. */
  readonly workingDir: string | undefined;
  /** Ms after which it is killed. */
  readonly timeoutMs: number;
}

/** Disposing ends what waits for steps to come; never a step. */
export interface Isolation extends AsyncDisposable {
  readonly name: IsolationName;
  readonly warnings: readonly string[];
  /** Brings what the step needs that is not there yet (its image). `say` tells the user what is waited for. */
  ready(plan: WholePlan, say: (message: string) => void, signal: AbortSignal): Promise<void>;
  /**
   * Lays the step out and starts its supervisor, which claims the step before it executes anything (F1).
   * Errors: LOCAL_SANDBOX_FAILED, LOCAL_FIELD_UNSUPPORTED.
   */
  launch(folder: StepFolder, step: StepRequest, plan: WholePlan): Promise<Supervised>;
  /** A moment in which nothing is waited for: what the next steps need may be made ready. */
  rest(): void;
  /** Asks the step's main process to end. `supervisor` is its pid. */
  terminate(folder: StepFolder, supervisor: number): Promise<void>;
  /**
   * Runs a command beside the step's, isolated as it is and with its variables; its exit code, undefined when it could not
   * be run since the step does not stand. For probes.
   */
  exec(folder: StepFolder, supervisor: number, command: BesideCommand): Promise<number | undefined>;
  /** Where on this machine the file lies to which the step writes how far it is (X7). */
  progressFile(folder: StepFolder): string;
  /** Where other steps reach what listens in this one; undefined = nowhere. */
  addressOf(folder: StepFolder): Promise<string | undefined>;
  /** The step's processes, where they share this machine's network; else none. */
  processesOf(folder: StepFolder, supervisor: number): readonly number[];
  /** Ends all processes of the step; also right when the supervisor is gone. */
  kill(folder: StepFolder, supervisor: number | undefined): Promise<void>;
  /** Takes away what the machine lent to the step beside its files, before its end is told. Idempotent, whoever started it. */
  clear(folder: StepFolder): Promise<void>;
}
