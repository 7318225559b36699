// One run's actor: inputs in, one append a batch, effects out.
// Owns:      the run's state, its timer, its place in the slot lines.   Talks to: Journal, Executor, slots, registry.
// Invariants
//   A1. Nothing is done for a run before this engine's mark is in its journal (the claim), and nothing follows from an
//       input before the input is stored.
//   A2. Inputs that come while an append is under way go into the next one: one append per batch.
//   A3. A step's end is forgotten by its executor only after it is stored, and its output lines before it.
//   A4. When fenced, the actor stops at once: no effect, no append, no forget.
import { Mailbox } from "@sluice/base";
import type { JournalRecord } from "@sluice/bus";
import type { Executor } from "../executor/contract.ts";
import type { StepEnd, StepEvent } from "../executor/events.ts";
import type { StepRequest } from "../executor/request.ts";
import type { Fact } from "../facts.ts";
import type { LiveStep } from "../project/live-step.ts";
import type { Folded } from "../recovery/fold.ts";
import { decide } from "../run/reduce.ts";
import type { Run } from "../run/state/run.ts";
import { AskDesk } from "./ask-desk.ts";
import type { LoopDeps } from "./deps.ts";
import { finishRun } from "./finish.ts";
import { type Input, keyOf, newsIn, readyIn } from "./inputs.ts";
import { JournalWriter } from "./journal-writer.ts";
import { readDefinitions } from "./lookups/definitions.ts";
import { readEstimate } from "./lookups/estimate.ts";
import { measure, measureTurn } from "./measure.ts";
import type { LiveRun } from "./registry.ts";
import { RunTimer } from "./run-timer.ts";
import { StepProgress } from "./steps/progress.ts";
import { cancelledEnd } from "./steps/step-end.ts";
import { StepStarter } from "./steps/step-starter.ts";

export class RunActor implements LiveRun {
  readonly run: Run;
  readonly executor: Executor | undefined;
  readonly #deps: LoopDeps;
  readonly #journal: JournalWriter;
  readonly #starter: StepStarter;
  readonly #asks: AskDesk;
  readonly #inbox = new Mailbox<Input>();
  readonly #progress: StepProgress;
  readonly #timer: RunTimer;
  readonly #stop = new AbortController();
  /** The journal was packed beyond what is folded here: the run must be read anew (J7). */
  isStale = false;
  /** Its run is archived, and its journal gone. */
  isPutAway = false;
  #looking: Promise<void> | undefined;

  constructor(deps: LoopDeps, folded: Folded, executor: Executor | undefined) {
    const { run } = folded;
    this.#deps = deps;
    this.run = run;
    this.executor = executor;
    this.#progress = new StepProgress(run, deps.clock, { store: () => this.#inbox.put({ type: "told" }) });
    this.#timer = new RunTimer({
      ...{ clock: deps.clock, log: deps.log, run },
      fired: () => this.#inbox.put({ type: "timer" }),
    });
    this.#journal = new JournalWriter(deps, folded, executor?.site);
    this.#starter = new StepStarter(deps, run, executor, {
      refused: (event) => this.end(event),
      cancelled: (stepId) => this.end(cancelledEnd(stepId, deps.clock.now())),
    });
    this.#asks = new AskDesk(deps, run, {
      answer: (fact) => this.#inbox.put({ type: "answer", fact }),
      changed: () => deps.registry.changed(run.key),
    });
  }

  get seq(): number {
    return this.#journal.seq;
  }

  step(stepId: string): LiveStep | undefined {
    return this.#progress.get(stepId) ?? this.#asks.live(stepId);
  }

  /** A record of the run that the follower saw. */
  record(record: JournalRecord<Fact>): void {
    if (record.seq > this.#journal.seq) this.#inbox.put({ type: "record", record });
  }

  /** A step ended; its output lines are stored already. */
  end(event: StepEnd): void {
    this.#inbox.put({ type: "end", event });
  }

  /** A step waits, runs or says how far it is: shown at once, stored with the next append. */
  progress(event: Extract<StepEvent, { type: "pending" | "started" | "progress" }>): void {
    if (!this.run.steps.has(event.stepId)) return;
    this.#progress.hear(event);
    this.#deps.registry.changed(this.run.key);
  }

  /** A daemon may be used: what waits for it goes on once this is stored. */
  ready({ stepId: step, at, ip }: Extract<StepEvent, { type: "ready" }>): void {
    if (this.run.steps.has(step))
      this.#inbox.put({
        type: "ready",
        fact: { type: "ready", at, step, ...(ip === undefined ? {} : { ip }) },
      });
  }

  /** Takes the run: the claim, `over` whoever has it or only when nobody has. False when the run is not ours. */
  async claim(over: boolean, signal: AbortSignal): Promise<boolean> {
    const outcome = await this.#journal.claim(over, signal);
    this.isStale = outcome === "stale";
    // What others wrote just before is folded by now.
    this.#deps.registry.changed(this.run.key);
    return outcome === "stored";
  }

  /** Steps that the executor should know already. */
  outstanding(): readonly StepRequest[] {
    return [...this.run.steps.values()].flatMap((unit) =>
      unit.step === undefined ? [] : [this.#starter.requestOf(unit.step)],
    );
  }

  /** The step may still run on another site, where nobody can see it: it is not started here. */
  isElsewhere(stepId: string): boolean {
    return this.run.elsewhere.has(stepId) && !this.#starter.isPlaceless(stepId);
  }

  lostElsewhere(stepId: string): void {
    const reason = `it was under way on '${this.run.elsewhere.get(stepId)}', whose engine is gone`;
    this.end({ type: "lost", stepId, at: this.#deps.clock.now(), reason });
  }

  /** Whether it has steps that another site could not take over. */
  get isBound(): boolean {
    return this.executor?.site !== undefined && this.run.steps.size > 0;
  }

  /** Steps that the executor attached to: they are not started again. */
  attached(stepIds: readonly string[]): void {
    this.#starter.attached(stepIds);
    const now = this.#deps.clock.now();
    if (stepIds.length > 0) this.#timer.attached(now);
    for (const stepId of stepIds) this.#deps.logWriter.adopted(stepId);
    for (const stepId of stepIds) if (this.run.steps.has(stepId)) this.#progress.adopted(stepId, now);
  }

  /** Lives until the run is over, another engine has it, or the signal aborts. Call `claim` before. */
  async live(signal: AbortSignal): Promise<void> {
    const stop = AbortSignal.any([signal, this.#stop.signal]);
    const close = () => this.#inbox.close();
    stop.addEventListener("abort", close, { once: true });
    void readEstimate(this.#deps, this.run).then((fact) => {
      if (fact !== undefined) this.#inbox.put({ type: "estimate", fact });
    });
    try {
      await this.#loop(stop);
    } finally {
      // The system keeps such a signal, and all that listens to it, until one of those that it is made of aborts.
      stop.removeEventListener("abort", close);
      this.#timer.stop();
      this.leave();
    }
  }

  async #loop(signal: AbortSignal): Promise<void> {
    let over = this.#act(signal);
    while (!over && !signal.aborted) {
      await this.#inbox.ready();
      if (signal.aborted) return;
      const begun = this.#deps.clock.monotonic();
      const outcome = await this.#take(this.#inbox.drain(), signal);
      if (outcome === "lost" || signal.aborted) return;
      if (outcome === "nothing") {
        this.#timer.arm(signal);
        continue;
      }
      // Who is told of the end may count on the caches.
      const isSaving = this.run.stage === "done" && this.run.changes.save.length > 0;
      if (!isSaving) this.#deps.registry.changed(this.run.key);
      await this.#deps.failpoints.reach("engine.appended");
      over = this.#act(signal);
      measureTurn(this.#deps, this.#deps.clock.monotonic() - begun);
      if (!over) await this.#journal.compact();
      if (!isSaving) continue;
      await this.#asks.saved();
      this.#deps.registry.changed(this.run.key);
    }
    if (!over || signal.aborted) return;
    await this.#asks.saved();
    const ended = { run: this.run, journal: this.#journal, executor: this.executor, inbox: this.#inbox };
    this.isPutAway = await finishRun(this.#deps, ended, signal);
  }

  /** Stores and folds what came in. */
  async #take(inputs: readonly Input[], signal: AbortSignal): Promise<"changed" | "nothing" | "lost"> {
    const facts = new Map<string, Fact>();
    const ended: string[] = [];
    let changed = false;
    for (const input of inputs) {
      if (input.type === "record") {
        const taken = await this.#journal.takeOwned(input.record);
        if (this.#isLost(taken)) return "lost";
        changed ||= taken !== "known";
        continue;
      }
      if (input.type === "end") ended.push(input.event.stepId);
      const fact = this.#factOf(input);
      const key = keyOf(input);
      if (fact !== undefined && !facts.has(key)) facts.set(key, fact);
    }
    const told = this.#takeTold(inputs, facts);
    if (facts.size > 0 || told.length > 0) {
      const outcome = await this.#journal.append([...told, ...facts.values()], signal);
      if (this.#isLost(outcome) || outcome !== "stored") return "lost";
      changed = true;
    }
    for (const stepId of [...ended, ...this.#strayed()]) this.#settled(stepId);
    // Who uses a daemon does not wait for a slot that it has.
    for (const { step } of readyIn(facts)) this.#deps.slots.release(step);
    return changed ? "changed" : "nothing";
  }

  /** Steps that hold a slot here and that another engine's record has ended. */
  #strayed(): readonly string[] {
    if (!this.#journal.hasOthers) return [];
    this.#journal.hasOthers = false;
    return this.#starter.strayed;
  }

  /** Starts and progress to store with these facts; none when nothing wants them stored now. */
  #takeTold(inputs: readonly Input[], facts: ReadonlyMap<string, Fact>): readonly Fact[] {
    if (facts.size === 0 && !inputs.some((input) => input.type === "told")) return [];
    return this.#progress.take((stepId) => facts.has(stepId));
  }

  #isLost(outcome: string): boolean {
    this.isStale ||= outcome === "stale";
    return this.isStale || outcome === "foreign";
  }

  #factOf(input: Exclude<Input, { type: "record" }>): Fact | undefined {
    if (input.type !== "timer")
      return newsIn(this.run, input, (stepId) => this.#progress.get(stepId)?.started?.host);
    const at = this.#deps.clock.now();
    // One that was set anew meanwhile is no news.
    return this.#timer.seen(at) ? { type: "timer", at } : undefined;
  }

  #settled(stepId: string): void {
    this.#progress.settled(stepId);
    this.#deps.slots.release(stepId);
    this.#deps.logWriter.close(stepId);
    this.#starter.settled(stepId);
  }

  /** Does what the state asks for; true when the run is over. Who left meanwhile does nothing more (A4). */
  #act(signal: AbortSignal): boolean {
    if (signal.aborted) return false;
    const effects = decide(this.run);
    measure(this.#deps, this.run, effects);
    for (const { stepId, how } of effects.stop) this.#starter.stop(stepId, how);
    for (const stepId of effects.start) this.#starter.want(stepId);
    this.#asks.perform(effects);
    this.#timer.arm(signal);
    if (effects.wantsDefinitions) this.#lookUp(signal);
    return effects.finished;
  }

  /** Looks up, once at a time, what the run needs from outside before it starts. */
  #lookUp(signal: AbortSignal): void {
    this.#looking ??= readDefinitions(this.#deps, this.run.submitted, signal).then((fact) => {
      this.#looking = undefined;
      if (fact !== undefined) this.#inbox.put({ type: "definitions", fact });
    });
  }

  /**
   * Nothing more is started or asked for here, and its slots are given back. At once, not when its last append returns:
   * the next hand on the run may be in this process, and names its asks and steps alike.
   */
  leave(): void {
    this.#starter.leave();
    this.#asks.leave();
    this.#progress.stop();
  }

  /** Another engine has the run. */
  letGo(): void {
    this.#stop.abort();
  }
}
