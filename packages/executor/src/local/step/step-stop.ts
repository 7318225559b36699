// How a step is asked to end: by us, or by its own deadline. What was asked is in its folder (`stop.json`), so that the
// next process goes on with it.
import type { Clock } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { Isolation } from "../isolation/isolation.ts";
import type { ProbeFailure } from "../probes/watch.ts";
import type { StepFolder } from "./step-folder.ts";

/** Why a step is asked to end, when the engine did not ask. */
export type StopReason =
  | { readonly kind: "asked" }
  | { readonly kind: "deadline" }
  /** A probe says so. `graceMs`: in place of the step's own. */
  | { readonly kind: "unhealthy"; readonly message: string; readonly graceMs: number | undefined };

/** The exit code of a step that a signal ended. */
export const signalExitCode = { term: 143, kill: 137 } as const;

interface StoppableStep {
  readonly step: StepRequest;
  readonly folder: StepFolder;
  readonly isolation: Isolation;
  readonly clock: Clock;
}

interface Follower {
  /** Aborts when the step is over, or no longer followed by us. */
  readonly waiting: () => AbortSignal;
  /** The step's folder may say something new. */
  readonly changed: () => void;
}

export class StepStop {
  readonly #of: StoppableStep;
  readonly #follower: Follower;
  #isTerminated = false;

  constructor(of: StoppableStep, follower: Follower) {
    this.#of = of;
    this.#follower = follower;
  }

  /** SIGTERM now and SIGKILL at `killAt`, or SIGKILL at once. One who was asked before is asked no later than before. */
  async ask(how: "term" | "kill", why: StopReason = { kind: "asked" }): Promise<void> {
    const { step, folder, clock } = this.#of;
    const now = clock.now();
    const before = folder.stop();
    const graceMs = (why.kind === "unhealthy" ? why.graceMs : undefined) ?? step.graceMs;
    const killAt = how === "kill" ? now : Math.min(before?.killAt ?? Number.POSITIVE_INFINITY, now + graceMs);
    const unhealthy =
      before === undefined && why.kind === "unhealthy"
        ? { at: now, message: why.message }
        : before?.unhealthy;
    folder.writeStop({
      ...{ how, killAt },
      deadline: before?.deadline ?? why.kind === "deadline",
      ...(unhealthy === undefined ? {} : { unhealthy }),
    });
    if (folder.claimOurselves())
      folder.writeExit(signalExitCode[how]); // F3
    else void this.enforce();
    this.#follower.changed();
  }

  /** Sends what `stop.json` asks for: SIGTERM once the step runs, SIGKILL when its time has come. */
  async enforce(): Promise<void> {
    const { folder, isolation, clock } = this.#of;
    const stop = folder.stop();
    const claim = folder.claim();
    if (stop === undefined || claim.kind !== "process") return;
    const { pid } = claim.process;
    if (stop.how === "term" && folder.startedAt() !== undefined && !this.#isTerminated) {
      this.#isTerminated = true;
      await isolation.terminate(folder, pid);
    }
    await clock.sleepUntil(stop.killAt, this.#follower.waiting());
    if (this.#follower.waiting().aborted) return;
    await isolation.kill(folder, folder.isClaimerAlive() ? pid : undefined);
  }

  /** Asks for the end of a step that a probe found bad, unless it ends already. */
  async endUnhealthy({ container, probe }: ProbeFailure): Promise<void> {
    const { folder } = this.#of;
    if (folder.stop() !== undefined || folder.exit() !== undefined) return;
    const times = probe.failureThreshold === 1 ? "" : ` ${probe.failureThreshold} times in a row`;
    const message = `${container}: ${probe.name} failed${times} (exit code ${signalExitCode.kill})`;
    await this.ask("term", { kind: "unhealthy", message, graceMs: probe.graceMs });
  }

  /** Asks for the end when the step's deadline has come. */
  async keepDeadline(): Promise<void> {
    const { folder, clock } = this.#of;
    const { deadlineAt } = this.#of.step;
    if (deadlineAt === undefined || folder.stop()?.deadline === true) return;
    await clock.sleepUntil(deadlineAt, this.#follower.waiting());
    if (!this.#follower.waiting().aborted) await this.ask("term", { kind: "deadline" });
  }
}
