import type { Clock, Logger, Random } from "@sluice/base";
import type { StepLine, StepRequest, StepWork } from "@sluice/engine";
import { AgentError } from "./errors.ts";

/** How a piece of the agent's work ended. An AppError thrown instead says that it cannot be done as it is written. */
export interface WorkEnd {
  readonly phase: "Succeeded" | "Failed" | "Error";
  readonly message?: string;
  readonly result?: string;
  /** Output parameters by name. */
  readonly outputs?: Readonly<Record<string, string>>;
}

export interface WorkContext {
  readonly step: StepRequest;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Shown to users while the work waits for something. */
  readonly pending: (message: string) => void;
  /** A line of the step's log. */
  readonly say: (text: string, stream?: StepLine["stream"]) => void;
  /** Aborts when the step is stopped, its time is over, or the process ends: what is returned then does not count. */
  readonly signal: AbortSignal;
}

/** Work of one kind that this process does itself. At least once: after a crash it is done again from its beginning. */
export interface AgentWork {
  readonly kind: StepWork["kind"];
  /** How many of the kind are done at once; the others wait. */
  readonly maxAtOnce: number;
  run(context: WorkContext): Promise<WorkEnd>;
}

type WorkOf<K extends StepWork["kind"]> = Extract<StepWork, { readonly kind: K }>;

/** Work of one kind, by what does it. */
export function agentWork<K extends StepWork["kind"]>(
  kind: K,
  maxAtOnce: number,
  run: (work: WorkOf<K>, context: WorkContext) => Promise<WorkEnd>,
): AgentWork {
  const isMine = (work: StepWork): work is WorkOf<K> => work.kind === kind;
  return {
    kind,
    maxAtOnce,
    async run(context) {
      const { work } = context.step;
      if (isMine(work)) return run(work, context);
      throw AgentError.WORK_UNSUPPORTED({ kind: work.kind });
    },
  };
}
