import { type Clock, type Logger, messageOf } from "@sluice/base";
import type { Run } from "../run/state/run.ts";

interface RunTimerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly run: Run;
  fired(): void;
}

/** Ms that an executor has to say that a step runs to which it attached, before the step counts as pending still. */
const hearMs = 5_000;

/** A run's one timer: set to when something is due next, however often that changes. */
export class RunTimer {
  readonly #deps: RunTimerDeps;
  /** Epoch ms by when the executor has told of the steps that it attached to. */
  #heardAt = 0;
  #at: number | undefined;
  #timer: AbortController | undefined;

  constructor(deps: RunTimerDeps) {
    this.#deps = deps;
  }

  /** An executor attached to steps of the run, and has yet to say which of them run. `now` in epoch ms. */
  attached(now: number): void {
    this.#heardAt = now + hearMs;
  }

  /** Sets it to what is due next. */
  arm(signal: AbortSignal): void {
    const at = this.#nextAt();
    if (at === this.#at) return;
    this.#timer?.abort();
    this.#at = at;
    if (at === undefined) return;
    const timer = new AbortController();
    this.#timer = timer;
    const { clock, log, run, fired } = this.#deps;
    clock.sleepUntil(at, AbortSignal.any([timer.signal, signal])).then(
      () => {
        if (!timer.signal.aborted) fired();
      },
      (error: unknown) => log.error("a timer broke", { run: run.key.name, reason: messageOf(error) }),
    );
  }

  /** It fired and is seen: the next `arm` sets it, also to the same time. False where nothing is due any more at `now`. */
  seen(now: number): boolean {
    this.#at = undefined;
    return (this.#nextAt() ?? Number.POSITIVE_INFINITY) <= now;
  }

  stop(): void {
    this.#timer?.abort();
  }

  /** A step that began while nobody listened is not ended for having been pending. */
  #nextAt(): number | undefined {
    const { next } = this.#deps.run.timers;
    return next?.kind === "pending-timeout" ? Math.max(next.at, this.#heardAt) : next?.at;
  }
}
