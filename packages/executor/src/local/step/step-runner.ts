// One step from its request to its end. Owns: the tails and the watch of its folder; never the step itself, which
// goes on without us.
// Invariants
//   R1. A supervisor is spawned only when the folder has no claim; should two be on their way, the claim picks one (F1).
//   R2. The step's end is told after its last line, and only once per runner.
//   R3. `lost` is told only when the claimer is gone, the exit file is still not there after that, and what may be
//       left of the step has been killed (step-end.ts).
import { existsSync } from "node:fs";
import { join } from "node:path";
import { sleepFor } from "@sluice/base";
import type { StartPermit, StepEvent, StepRequest } from "@sluice/engine";
import type { References } from "@sluice/kube";
import { persisting } from "../artifact-porter.ts";
import { type Crew, crewOf } from "../crew/crew.ts";
import { crewTails } from "../crew/crew-end.ts";
import { planStep, type WholePlan } from "../crew/crew-plan.ts";
import type { Isolation } from "../isolation/isolation.ts";
import type { Supervised } from "../isolation/supervised.ts";
import { OutputTail } from "../output/lines.ts";
import { tellProgress } from "../output/progress.ts";
import { keepProbes } from "../probes/keep-probes.ts";
import { probesOf } from "../probes/watch.ts";
import type { TaskEnd } from "../shells/shell.ts";
import { claimTakenExitCode } from "../shells/supervisors.ts";
import { FolderWatch } from "./folder-watch.ts";
import { type EndDeps, type EndedStep, type Ending, tellEnd, tellRefusal } from "./step-end.ts";
import type { StepFolder } from "./step-folder.ts";
import { StepStop } from "./step-stop.ts";

export interface RunnerDeps extends EndDeps {
  readonly references: References;
  readonly maxArtifactBytes: number;
  /** Where the folders of persistent volume claims are. */
  readonly claimsDir: string;
  /** Asked right before the step's process is made; absent = it may be. */
  readonly permit?: StartPermit;
}

/** The step is another's now, or the executor is disposed: nothing is told of it. */
interface Left {
  readonly kind: "left";
}

/** Between making the claim and signing it lie microseconds; one that is unsigned for so long never will be, ms. */
const signingMs = 5_000;
/** A step that ends sooner is looked at only then: to watch its folder would cost more than the step. */
const briefMs = 15;
/** Why waits are given up; without a reason each would make an error of its own. */
const over = "the step is over";

export class StepRunner {
  readonly #deps: RunnerDeps;
  readonly #folder: StepFolder;
  readonly #step: StepRequest;
  readonly #isolation: Isolation;
  /** Ends the waits that belong to this step alone. */
  readonly #over = new AbortController();
  readonly #stop: StepStop;
  /** What is known of a supervisor that we have started; undefined = we have not. */
  #supervisor: { readonly kind: "runs" } | TaskEnd | undefined;
  #launchFailure: unknown;
  #watch: FolderWatch | undefined;
  /** Its containers, when there are several; a step whose containers make no sense is refused before it begins. */
  #crew: Crew | undefined;

  constructor(deps: RunnerDeps, folder: StepFolder, step: StepRequest, isolation: Isolation) {
    this.#deps = deps;
    this.#folder = folder;
    this.#step = step;
    this.#isolation = isolation;
    const parts = { step, folder, isolation, clock: deps.clock };
    this.#stop = new StepStop(parts, {
      waiting: () => this.#waiting(),
      changed: () => this.#watch?.touch(),
    });
  }

  /** Resolves once the end was told, or when the executor is disposed. Does not throw. */
  async run(): Promise<void> {
    try {
      this.#crew = crewOf(this.#step);
      probesOf(this.#step); // a probe that makes no sense is refused before the step begins
      if (this.#folder.refused() === undefined && this.#folder.claim().kind === "none") {
        if (!(await this.#begin())) return;
      }
      if (this.#deps.signal.aborted) return;
      await this.#follow();
    } catch (error) {
      if (this.#deps.signal.aborted) return;
      tellRefusal(this.#deps, this.#ended, error);
    } finally {
      this.#over.abort(over);
      this.#watch?.close();
    }
  }

  /** SIGTERM now and SIGKILL after its grace, or SIGKILL at once. */
  stop(how: "term" | "kill"): Promise<void> {
    return this.#stop.ask(how);
  }

  /** False when the step is not ours to start any more. */
  async #begin(): Promise<boolean> {
    const { clock, references, claimsDir, queue, permit, signal } = this.#deps;
    const stepId = this.#step.id;
    const say = (message: string) => queue.put({ type: "pending", stepId, at: clock.now(), message });
    const plan: WholePlan = {
      ...(await planStep(this.#step, { references, isolation: this.#isolation.name, claimsDir })),
      inputs: await persisting(this.#deps, this.#step.id, "input artifacts cannot be brought", (porter) =>
        porter.bring(this.#step),
      ),
      maxArtifactBytes: this.#deps.maxArtifactBytes,
    };
    if (signal.aborted) return false;
    await this.#isolation.ready(plan, say, signal);
    if (signal.aborted) return false;
    if ((await permit?.()) === false || signal.aborted) {
      this.#folder.leave();
      return false;
    }
    // From here on this process may be frozen for as long as it takes others to run the step, and to forget it (F5).
    const launched = await this.#launch(plan);
    if (launched === undefined) return false;
    this.#supervisor = { kind: "runs" };
    await this.#brief(launched.ended);
    return true;
  }

  /** Undefined when the step was run and forgotten meanwhile, so that nothing of it is ours any more. */
  async #launch(plan: WholePlan): Promise<Supervised | undefined> {
    try {
      return await this.#isolation.launch(this.#folder, this.#step, plan);
    } catch (error) {
      if (!this.#folder.isGone()) throw error;
      this.#folder.leave();
      this.#cameLate();
      return undefined;
    }
  }

  #cameLate(): void {
    this.#deps.log.warn("a step was run by another engine while this one stood still", {
      step: this.#step.id,
    });
  }

  /** Waits for the end of a step of ours as long as it may be a short one. */
  async #brief(ended: Supervised["ended"]): Promise<void> {
    const told = ended
      .then(
        (end) => {
          this.#supervisor = end;
          if (!this.#isToldOfEnd) this.#watch?.lookOften();
        },
        (error: unknown) => {
          this.#supervisor = { kind: "over" };
          this.#launchFailure = error;
        },
      )
      .then(() => this.#watch?.touch());
    const enough = new AbortController();
    const signal = AbortSignal.any([enough.signal, this.#deps.signal]);
    await Promise.race([told, sleepFor(this.#deps.clock, briefMs, signal)]);
    enough.abort(over);
    if (this.#supervisor?.kind === "runs") this.#isolation.rest();
  }

  /** The supervisor is ours and its end is, or will be, told: nothing needs to be looked at. */
  get #isToldOfEnd(): boolean {
    const supervisor = this.#supervisor;
    return (
      supervisor?.kind === "runs" || (supervisor?.kind === "over" && supervisor.code !== claimTakenExitCode)
    );
  }

  async #follow(): Promise<void> {
    const { clock, queue, signal } = this.#deps;
    const refused = this.#folder.refused();
    if (refused !== undefined) return queue.put(refused as StepEvent);
    const watch = new FolderWatch(clock);
    this.#watch = watch;
    // A step that has ended makes no changes any more.
    if (!(this.#isToldOfEnd && this.#supervisor?.kind === "over"))
      watch.open(this.#places(), !this.#isToldOfEnd);
    const release = () => watch.close();
    signal.addEventListener("abort", release, { once: true });
    void this.#stop.keepDeadline();
    const tails = [
      ...(["stdout", "stderr"] as const).map(
        (stream) => new OutputTail(() => join(this.#folder.ground, stream), stream),
      ),
      ...(this.#crew === undefined ? [] : crewTails(this.#crew, () => join(this.#folder.ground, "out"))),
    ];
    try {
      const ending = await this.#tailUntilEnd(watch, tails);
      if (ending.kind === "left") return;
      for (const tail of tails) await tail.finish(clock.now, this.#deliver);
      await tellEnd(this.#deps, this.#ended, ending);
    } finally {
      signal.removeEventListener("abort", release);
      for (const tail of tails) tail.close();
    }
  }

  #places(): readonly string[] {
    const { path, ground } = this.#folder;
    // The containers' output is known by its own folder, which is made with the ground.
    const out = join(ground, "out");
    return [...new Set([path, ground, ...(this.#crew !== undefined && existsSync(out) ? [out] : [])])];
  }

  async #tailUntilEnd(watch: FolderWatch, tails: readonly OutputTail[]): Promise<Ending | Left> {
    const { clock, signal } = this.#deps;
    let isStartTold = false;
    for (;;) {
      await watch.changed();
      if (signal.aborted) return { kind: "left" };
      if (this.#launchFailure !== undefined) throw this.#launchFailure;
      const quick = this.#ending();
      if (quick !== undefined) return quick;
      // Whoever claimed it has named the box by now, or makes one more change in the step's own folder.
      watch.open(this.#places(), false);
      const startedAt = this.#folder.startedAt();
      if (startedAt !== undefined && !isStartTold) {
        isStartTold = true;
        const { host } = this.#deps;
        this.#deps.queue.put({ type: "started", stepId: this.#step.id, at: startedAt, host });
        void this.#tellProgress();
        void this.#keepProbes(startedAt);
        if (this.#folder.stop() !== undefined) void this.#stop.enforce(); // asked before there was someone to ask
      }
      for (const tail of tails) await tail.read(clock.now, this.#deliver);
    }
  }

  #tellProgress(): Promise<void> {
    const running = { step: this.#step, folder: this.#folder, isolation: this.#isolation };
    return tellProgress(this.#deps, running, this.#waiting());
  }

  async #keepProbes(startedAt: number): Promise<void> {
    const running = { step: this.#step, folder: this.#folder, isolation: this.#isolation, startedAt };
    const probes = probesOf(this.#step);
    const failure = await keepProbes(this.#deps, { ...running, probes }, this.#waiting());
    if (failure !== undefined) await this.#stop.endUnhealthy(failure);
  }

  #ending(): Ending | Left | undefined {
    const exit = this.#folder.exit();
    if (exit !== undefined) return { kind: "exited", exit };
    if (this.#isToldOfEnd ? this.#supervisor?.kind === "runs" : this.#mayStillRun()) return undefined;
    // It may have ended between the two looks.
    const late = this.#folder.exit();
    if (late !== undefined) return { kind: "exited", exit: late };
    // What we sent found no door: others ran the step, and forgot it, while this process stood still.
    if (this.#supervisor !== undefined && !this.#isToldOfEnd && this.#folder.isGone()) {
      this.#cameLate();
      return { kind: "left" };
    }
    const reason = this.#folder.failure() ?? this.#whyNotBegun();
    return reason === undefined ? { kind: "vanished" } : { kind: "failed", reason };
  }

  /** For a step of which this process is not the parent. */
  #mayStillRun(): boolean {
    const claim = this.#folder.claim();
    if (claim.kind === "process") return this.#folder.isClaimerAlive();
    if (claim.kind === "unsigned") return this.#deps.clock.now() - claim.madeAt < signingMs;
    // `ours` has its exit file in a moment.
    return claim.kind === "ours" || this.#supervisor === undefined;
  }

  /** Our supervisor ended without a claim by anyone: it could not write, or was killed before. F3: so it stays. */
  #whyNotBegun(): string | undefined {
    const end = this.#supervisor;
    if (end === undefined || !this.#folder.claimOurselves()) return undefined;
    return end.kind === "over"
      ? `its supervisor ended with exit code ${end.code ?? "unknown"} before the step began`
      : "the shell that was to start it was killed";
  }

  readonly #deliver = async (lines: Extract<StepEvent, { type: "output" }>["lines"]): Promise<void> => {
    await this.#deps.queue.room(this.#deps.signal);
    for (let from = 0; from < lines.length; from += 500)
      this.#deps.queue.put({ type: "output", stepId: this.#step.id, lines: lines.slice(from, from + 500) });
  };

  get #ended(): EndedStep {
    return { step: this.#step, folder: this.#folder, isolation: this.#isolation, crew: this.#crew };
  }

  #waiting(): AbortSignal {
    return AbortSignal.any([this.#over.signal, this.#deps.signal]);
  }
}
