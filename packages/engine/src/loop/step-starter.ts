import {
  type AppError,
  backoffMs,
  defaultBackoff,
  isAppError,
  messageOf,
  retryOf,
  sleepFor,
} from "@sluice/base";
import { EngineError } from "../errors.ts";
import type { Executor, StepRequest } from "../executor/contract.ts";
import type { Step } from "../run/state/frames.ts";
import type { Run } from "../run/state/run.ts";
import type { StepEnd } from "./actor.ts";
import { executorAnnotation, type LoopDeps } from "./deps.ts";
import type { SlotUser } from "./slots.ts";

interface Tell {
  /** The step cannot be started. */
  refused(event: StepEnd): void;
  /** It was told to stop while it still waited for a slot. */
  cancelled(stepId: string): void;
}

/** Starts, stops and forgets one run's steps at its executor, within the process's slots. */
export class StepStarter implements SlotUser {
  readonly #deps: LoopDeps;
  readonly #run: Run;
  readonly #executor: Executor | undefined;
  readonly #tell: Tell;
  readonly #known = new Set<string>();
  readonly #left = new AbortController();

  constructor(deps: LoopDeps, run: Run, executor: Executor | undefined, tell: Tell) {
    this.#deps = deps;
    this.#run = run;
    this.#executor = executor;
    this.#tell = tell;
  }

  requestOf(step: Step): StepRequest {
    const activeAt = step.activeMs === undefined ? undefined : this.#deps.clock.now() + step.activeMs;
    const deadlines = [step.timeoutAt, activeAt].filter((at) => at !== undefined);
    return deadlines.length === 0 ? step.request : { ...step.request, deadlineAt: Math.min(...deadlines) };
  }

  /** Steps that run already: no start, and a slot whether there is one or not. */
  attached(stepIds: readonly string[]): void {
    for (const stepId of stepIds) {
      this.#known.add(stepId);
      this.#deps.slots.take(stepId);
    }
  }

  want(stepId: string): void {
    if (this.#known.has(stepId)) return;
    this.#known.add(stepId);
    this.#deps.slots.request(this, stepId);
  }

  granted(stepId: string): void {
    void this.#start(stepId);
  }

  async #start(stepId: string): Promise<void> {
    const signal = this.#left.signal;
    for (let attempt = 1; !signal.aborted; attempt++) {
      const step = this.#run.steps.get(stepId)?.step;
      if (step === undefined) {
        this.#deps.slots.release(stepId);
        return;
      }
      try {
        if (this.#executor === undefined) {
          this.#refuse(
            stepId,
            EngineError.EXECUTOR_UNKNOWN({
              name:
                this.#run.submitted.workflow.metadata.annotations?.[executorAnnotation] ??
                this.#deps.defaultExecutor,
              known: [...this.#deps.executors.keys()].join(", "),
            }),
          );
          return;
        }
        await this.#executor.start(this.requestOf(step));
        await this.#deps.failpoints.reach("engine.started");
        return;
      } catch (error) {
        if (retryOf(error) !== "later") {
          this.#refuse(
            stepId,
            isAppError(error) ? error : EngineError.START_FAILED({ reason: messageOf(error) }, error),
          );
          return;
        }
        this.#deps.log.warn("a step could not be started, trying again", {
          step: stepId,
          attempt,
          reason: messageOf(error),
        });
        await sleepFor(
          this.#deps.clock,
          backoffMs(defaultBackoff, attempt, this.#deps.random.next()),
          signal,
        );
      }
    }
  }

  #refuse(stepId: string, { code, message, hint }: AppError): void {
    this.#tell.refused({ type: "refused", stepId, at: this.#deps.clock.now(), code, message, hint });
  }

  stop(stepId: string, how: "term" | "kill"): void {
    if (this.#deps.slots.cancel(this, stepId)) {
      this.#tell.cancelled(stepId);
      return;
    }
    if (!this.#known.has(stepId)) {
      this.#known.add(stepId);
      this.#tell.cancelled(stepId);
      return;
    }
    this.#executor?.stop(stepId, how).catch((error: unknown) => {
      this.#deps.log.error("a step could not be told to stop", { step: stepId, reason: messageOf(error) });
    });
  }

  forget(stepId: string): void {
    this.#executor?.forget(stepId).catch((error: unknown) => {
      this.#deps.log.warn("a step's remains could not be removed; the next start tries again", {
        step: stepId,
        reason: messageOf(error),
      });
    });
  }

  leave(): void {
    this.#left.abort();
    this.#deps.slots.leave(this);
  }
}
