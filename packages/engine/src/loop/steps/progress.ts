import type { StepEvent } from "../../executor/events.ts";
import type { StepStarted } from "../../facts.ts";
import type { LiveStep } from "../../project/live-step.ts";
import { isStartStored, isStartWatched } from "../../run/hooks/watch.ts";
import type { Run } from "../../run/state/run.ts";

/** How far a run's steps are, as their executor tells it: seen at once, stored with the next append. */
export class StepProgress {
  readonly #run: Run;
  readonly #live = new Map<string, LiveStep>();
  /** Starts that are to be stored. */
  #started: StepStarted[] = [];

  constructor(run: Run) {
    this.#run = run;
  }

  get(stepId: string): LiveStep | undefined {
    return this.#live.get(stepId);
  }

  /** True when its start must be stored at once: a hook may fire on it, a `pendingTimeout` must not. */
  told(event: Extract<StepEvent, { type: "pending" | "started" }>): boolean {
    const { stepId, at } = event;
    if (event.type === "pending") {
      this.#live.set(stepId, { pending: event.message });
      return false;
    }
    const host = event.host === undefined ? {} : { host: event.host };
    this.#live.set(stepId, { started: { at, ...host } });
    this.#started.push({ type: "started", at, step: stepId, ...host });
    return isStartStored(this.#run, stepId);
  }

  /** A step that runs; true when that must be stored, since it may not have been before the crash. `at` in epoch ms. */
  adopted(stepId: string, at: number): boolean {
    this.#live.set(stepId, { started: { at } });
    const isKnown = this.#run.steps.get(stepId)?.node?.phase !== "Pending";
    if (isKnown || !isStartWatched(this.#run, stepId)) return false;
    this.#started.push({ type: "started", at, step: stepId });
    return true;
  }

  /** Starts to store now; of steps that end with it, `isEnded`, only the end counts. */
  takeStarts(isEnded: (stepId: string) => boolean): readonly StepStarted[] {
    const started = this.#started.filter(({ step }) => this.#run.steps.has(step) && !isEnded(step));
    this.#started = [];
    return started;
  }

  /** The step's end is stored. */
  settled(stepId: string): void {
    this.#live.delete(stepId);
  }
}
