import {
  type AppError,
  backoffMs,
  defaultBackoff,
  isAppError,
  messageOf,
  retryOf,
  sleepFor,
} from "@sluice/base";
import { EngineError } from "../../errors.ts";
import type { Executor } from "../../executor/contract.ts";
import type { StepEnd } from "../../executor/events.ts";
import type { StepRequest } from "../../executor/request.ts";
import type { Run } from "../../run/state/run.ts";
import type { Step } from "../../run/state/step.ts";
import { isStillOurs } from "../../shards/port.ts";
import { executorAnnotation, type LoopDeps } from "../deps.ts";
import type { SlotUser } from "./slots.ts";

interface Tell {
  /** The step cannot be started. */
  refused(event: StepEnd): void;
  /** It was told to stop while it still waited for a slot. */
  cancelled(stepId: string): void;
}

/**
 * Starts, stops and forgets one run's steps at its executor, within the process's slots. Once it has left it takes no
 * slot any more: what is still under way for it (an adoption, an append) may end much later, and nobody would give it back.
 */
export class StepStarter implements SlotUser {
  readonly #deps: LoopDeps;
  readonly #run: Run;
  readonly #executor: Executor | undefined;
  readonly #tell: Tell;
  readonly #known = new Set<string>();
  /** Starts that the executor has not answered yet. */
  readonly #starting = new Set<string>();
  readonly #stopped = new Map<string, "term" | "kill">();
  readonly #left = new AbortController();

  constructor(deps: LoopDeps, run: Run, executor: Executor | undefined, tell: Tell) {
    this.#deps = deps;
    this.#run = run;
    this.#executor = executor;
    this.#tell = tell;
  }

  get priority(): number {
    return this.#run.spec.priority ?? 0;
  }

  requestOf(step: Step): StepRequest {
    const activeAt = step.activeMs === undefined ? undefined : this.#deps.clock.now() + step.activeMs;
    const deadlines = [step.timeoutAt, activeAt].filter((at) => at !== undefined);
    return deadlines.length === 0 ? step.request : { ...step.request, deadlineAt: Math.min(...deadlines) };
  }

  /** Steps that run already: no start, and a slot whether there is one or not. */
  attached(stepIds: readonly string[]): void {
    if (this.#left.signal.aborted) return;
    for (const stepId of stepIds) {
      this.#known.add(stepId);
      const isReady = this.#run.steps.get(stepId)?.isReady === true;
      if (!isReady && !this.isPlaceless(stepId)) this.#deps.slots.take(stepId);
    }
  }

  want(stepId: string): void {
    if (this.#left.signal.aborted || this.#known.has(stepId)) return;
    this.#known.add(stepId);
    if (this.isPlaceless(stepId)) this.granted(stepId);
    else this.#deps.slots.request(this, stepId);
  }

  /** Done by this process itself. It takes no slot: it may wait for another run, whose steps need one. */
  isPlaceless(stepId: string): boolean {
    const step = this.#run.steps.get(stepId)?.step;
    return step !== undefined && this.#executor?.isPlaceless?.(step.request) === true;
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
      if (this.#stopped.has(stepId)) {
        this.#tell.cancelled(stepId);
        return;
      }
      this.#starting.add(stepId);
      try {
        if (this.#deps.shards.isFresh(this.#run.uid)) {
          await this.#startOnce(step);
          return;
        }
        if (!(await this.#isStillOurs(stepId))) return;
      } catch (error) {
        if (retryOf(error) !== "later") {
          this.#refuse(
            stepId,
            isAppError(error) ? error : EngineError.START_FAILED({ reason: messageOf(error) }, error),
          );
          return;
        }
        await this.#wait("a step could not be started, trying again", { stepId, attempt, error });
      } finally {
        this.#starting.delete(stepId);
      }
    }
  }

  /** After a pause another engine may have this run, and have run and forgotten this step: its slot is given back then. */
  async #isStillOurs(stepId: string): Promise<boolean> {
    if (await this.#deps.shards.confirm(this.#run.uid)) return true;
    // Once the run has left, its slots are given back already, and may be those of the next hand on it.
    if (!this.#left.signal.aborted) this.#deps.slots.release(stepId);
    return false;
  }

  async #startOnce(step: Step): Promise<void> {
    const { id } = step.request;
    if (this.#executor === undefined)
      throw EngineError.EXECUTOR_UNKNOWN({
        name: this.#run.annotations[executorAnnotation] ?? this.#deps.defaultExecutor,
        known: [...this.#deps.executors.keys()].join(", "),
      });
    const { shards } = this.#deps;
    const { uid } = this.#run;
    // The shard may have gone and come back meanwhile: then the run was read anew, and this is another's step to start.
    const permit = () => isStillOurs(shards, uid, this.#left.signal);
    await this.#executor.start(this.requestOf(step), permit);
    await this.#deps.failpoints.reach("engine.started");
    // Asked for while the executor did not know the step yet.
    const how = this.#stopped.get(id);
    if (how !== undefined) void this.#stop(id, how);
  }

  async #wait(
    message: string,
    {
      stepId,
      attempt,
      error,
    }: { readonly stepId: string; readonly attempt: number; readonly error: unknown },
  ): Promise<void> {
    this.#deps.log.warn(message, { step: stepId, attempt, reason: messageOf(error) });
    const waitMs = backoffMs(defaultBackoff, attempt, this.#deps.random.next());
    await sleepFor(this.#deps.clock, waitMs, this.#left.signal);
  }

  #refuse(stepId: string, { code, message, hint }: AppError): void {
    this.#tell.refused({ type: "refused", stepId, at: this.#deps.clock.now(), code, message, hint });
  }

  /** Has a step end that runs; one that does not is never started. */
  stop(stepId: string, how: "term" | "kill"): void {
    this.#stopped.set(stepId, how);
    if (this.#deps.slots.cancel(this, stepId)) {
      this.#tell.cancelled(stepId);
      return;
    }
    if (!this.#known.has(stepId)) {
      this.#known.add(stepId);
      this.#tell.cancelled(stepId);
      return;
    }
    // A step on its way is stopped once the executor knows it; one that waits to be tried again sees it then.
    if (!this.#starting.has(stepId)) void this.#stop(stepId, how);
  }

  async #stop(stepId: string, how: "term" | "kill"): Promise<void> {
    for (let attempt = 1; !this.#left.signal.aborted; attempt++) {
      try {
        await this.#executor?.stop(stepId, how);
        return;
      } catch (error) {
        if (retryOf(error) !== "later") {
          this.#deps.log.error("a step could not be told to stop", {
            step: stepId,
            reason: messageOf(error),
          });
          return;
        }
        await this.#wait("a step could not be told to stop, trying again", { stepId, attempt, error });
      }
    }
  }

  /** The step's end is stored: its remains may go. */
  settled(stepId: string): void {
    this.#stopped.delete(stepId);
    this.#known.delete(stepId);
    this.#executor?.forget(stepId).catch((error: unknown) => {
      this.#deps.log.warn("a step's remains could not be removed; the next start tries again", {
        step: stepId,
        reason: messageOf(error),
      });
    });
  }

  /** Steps that another engine's record has ended: known here, and off the books. */
  get strayed(): readonly string[] {
    return [...this.#known].filter((stepId) => !this.#run.steps.has(stepId));
  }

  /** Nothing more is started here; slots go back, also of steps that another engine's record has ended. */
  leave(): void {
    this.#left.abort();
    this.#deps.slots.leave(this, this.#known);
    this.#known.clear();
  }
}
