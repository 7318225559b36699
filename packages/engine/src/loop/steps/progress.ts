// How far a run's steps are, as their executor tells it: seen at once, stored with the next append.
// Invariants
//   S1. A start, or a word of progress, makes a record of its own only where something follows from it (a hook, a
//       `pendingTimeout`), or when a minute passed since the first that is not stored: a talkative step costs its run one
//       record a minute.
//   S2. Of a step that ends with the append, the start is not stored: the end says when it was.
import { type Clock, sleepFor } from "@sluice/base";
import type { StepEvent } from "../../executor/events.ts";
import { parseProgress } from "../../executor/progress.ts";
import type { StepProgressed, StepStarted } from "../../facts.ts";
import type { LiveStep } from "../../project/live-step.ts";
import { isStartStored, isStartWatched } from "../../run/hooks/watch.ts";
import type { Run } from "../../run/state/run.ts";

/** Ms that a word of progress may go unstored: as often as Argo's executor tells of it. */
const storeEveryMs = 60_000;

type TellingEvent = Extract<StepEvent, { type: "pending" | "started" | "progress" }>;

interface Told {
  /** What was told must be stored now. */
  store(): void;
}

export class StepProgress {
  readonly #run: Run;
  readonly #clock: Clock;
  readonly #told: Told;
  readonly #live = new Map<string, LiveStep>();
  /** Starts that are to be stored. */
  #started: StepStarted[] = [];
  /** By step, the newest word that is to be stored. */
  readonly #progressed = new Map<string, StepProgressed>();
  /** Waits for the minute to be over; there while something of `#progressed` is to be stored. */
  #waiting: AbortController | undefined;

  constructor(run: Run, clock: Clock, told: Told) {
    this.#run = run;
    this.#clock = clock;
    this.#told = told;
  }

  get(stepId: string): LiveStep | undefined {
    return this.#live.get(stepId);
  }

  /** A step of the run waits, runs, or says how far it is. */
  hear(event: TellingEvent): void {
    const { stepId, at } = event;
    switch (event.type) {
      case "pending":
        this.#live.set(stepId, { pending: event.message });
        return;
      case "started": {
        const host = event.host === undefined ? {} : { host: event.host };
        this.#runs(stepId, { at, ...host });
        this.#started.push({ type: "started", at, step: stepId, ...host });
        if (isStartStored(this.#run, stepId)) this.#told.store();
        return;
      }
      case "progress": {
        const progress = parseProgress(event.progress);
        if (progress === undefined) return;
        this.#live.set(stepId, { ...this.#live.get(stepId), progress });
        this.#progressed.set(stepId, { type: "progress", at, step: stepId, progress: event.progress });
        void this.#storeLater();
      }
    }
  }

  /** A step that runs; its start is stored where it may not have been before the crash. `at` in epoch ms. */
  adopted(stepId: string, at: number): void {
    this.#runs(stepId, { at });
    const isKnown = this.#run.steps.get(stepId)?.node?.phase !== "Pending";
    if (isKnown || !isStartWatched(this.#run, stepId)) return;
    this.#started.push({ type: "started", at, step: stepId });
    this.#told.store();
  }

  #runs(stepId: string, started: NonNullable<LiveStep["started"]>): void {
    const progress = this.#live.get(stepId)?.progress;
    this.#live.set(stepId, progress === undefined ? { started } : { started, progress });
  }

  /** What to store now, with the ends of those for which `isEnded` (S2). */
  take(isEnded: (stepId: string) => boolean): readonly (StepStarted | StepProgressed)[] {
    const told = [...this.#started.filter(({ step }) => !isEnded(step)), ...this.#progressed.values()];
    this.#started = [];
    this.#progressed.clear();
    this.stop();
    return told.filter(({ step }) => this.#run.steps.has(step));
  }

  /** The step's end is stored. */
  settled(stepId: string): void {
    this.#live.delete(stepId);
  }

  /** Nothing more is stored for this run here. */
  stop(): void {
    this.#waiting?.abort("stored");
    this.#waiting = undefined;
  }

  async #storeLater(): Promise<void> {
    if (this.#waiting !== undefined) return;
    this.#waiting = new AbortController();
    const { signal } = this.#waiting;
    await sleepFor(this.#clock, storeEveryMs, signal);
    if (!signal.aborted) this.#told.store();
  }
}
