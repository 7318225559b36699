// A kind of isolation: how a planned step is laid out in its folder, run, signalled and killed.

import type { StepRequest } from "@sluice/engine";
import type { StepFolder } from "../step/step-folder.ts";
import type { StepPlan } from "../step/step-plan.ts";

export type IsolationName = "podman" | "docker" | "namespaces" | "namespaces-unprivileged" | "process";

/** What the supervisor executes. */
export interface Launch {
  readonly argv: readonly string[];
  /** Variables beside PATH and the step's carriers. */
  readonly env: Readonly<Record<string, string>>;
}

export interface Isolation {
  readonly name: IsolationName;
  readonly warnings: readonly string[];
  /** Brings what the step needs that is not there yet (its image). `say` tells the user what is waited for. */
  ready(plan: StepPlan, say: (message: string) => void, signal: AbortSignal): Promise<void>;
  lay(folder: StepFolder, step: StepRequest, plan: StepPlan): Launch;
  /** Asks the step's main process to end. `supervisor` is its pid. */
  terminate(folder: StepFolder, supervisor: number): Promise<void>;
  /** Ends all processes of the step; also right when the supervisor is gone. */
  kill(folder: StepFolder, supervisor: number | undefined): Promise<void>;
}
