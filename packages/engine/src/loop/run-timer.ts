import { type Clock, type Logger, messageOf } from "@sluice/base";

interface RunTimerDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Name of the run. */
  readonly run: string;
  fired(): void;
}

/** A run's one timer: set to when something is due next, however often that changes. */
export class RunTimer {
  readonly #deps: RunTimerDeps;
  #at: number | undefined;
  #timer: AbortController | undefined;

  constructor(deps: RunTimerDeps) {
    this.#deps = deps;
  }

  /** `at` in epoch ms; undefined = nothing is due. */
  arm(at: number | undefined, signal: AbortSignal): void {
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
      (error: unknown) => log.error("a timer broke", { run, reason: messageOf(error) }),
    );
  }

  /** It fired and was seen: the next `arm` sets it, also to the same time. */
  seen(): void {
    this.#at = undefined;
  }

  stop(): void {
    this.#timer?.abort();
  }
}
