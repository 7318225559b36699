// One step from its pod's creation to its last event.
// Owns:      its log and its timers. Talks to: KubeClient (delete), the event queue.
// Invariants
//   T1. At most one of finished, lost, refused leaves it, after all of its output.
//   T2. It is level-triggered: `observe` may come late, doubled or with states left out.
//   T3. A deletion that we asked for (stop, deadline) ends as `finished`; one by somebody else as `lost`.
import { messageOf, sleepFor } from "@sluice/base";
import type { StepEvent, StepRequest } from "@sluice/engine";
import type { KubeObject, ObjectRef } from "@sluice/kube";
import { KubeExecError } from "../errors.ts";
import type { LogReader, ReadLog } from "../logs/reader.ts";
import { finishedOf, interrupted, notStartedOf } from "../outcome.ts";
import { bodyOf } from "../pod.ts";
import { PodHandle } from "../pod-handle.ts";
import { type PodView, viewOf } from "../pod-view.ts";
import type { StepDeps } from "./deps.ts";
import { type Begun, StepProgress } from "./progress.ts";
import { StepLog } from "./step-log.ts";

type Ending = "stopped" | "deadline";
type Ended = Extract<PodView, { kind: "ended" }>;

/** Ms that a pod may stay after its deletion was due, before its node counts as lost. */
const terminatingSlackMs = 60_000;
/** 128 + the signal's number. */
const sigkill = 137;
const sigterm = 143;

export class TrackedStep {
  readonly request: StepRequest;
  readonly #pod: PodHandle;
  readonly #deps: StepDeps;
  readonly #progress: StepProgress;
  readonly #log: StepLog;
  readonly #life = new AbortController();
  #phase: "waiting" | "running" | "ending" | "over" = "waiting";
  #startedAt = 0;
  #stuckSince: number | undefined;
  #ending: Ending | undefined;
  #killed = false;
  #deletionSeen = false;
  #terminatingWatched = false;

  constructor(request: StepRequest, place: ObjectRef & { readonly namespace: string }, deps: StepDeps) {
    this.request = request;
    this.#deps = deps;
    this.#progress = new StepProgress(request, deps);
    const { signal } = this.#life;
    this.#pod = new PodHandle(place, { ...deps, step: request.id, signal });
    this.#log = new StepLog(request, place, { deps, signal });
    if (request.deadlineAt !== undefined) void this.#watchDeadline(request.deadlineAt);
  }

  get place(): ObjectRef & { readonly namespace: string } {
    return this.#pod.place;
  }

  get over(): boolean {
    return this.#phase === "over";
  }

  observe(pod: KubeObject): void {
    if (this.#phase === "ending" || this.#phase === "over") return;
    if (pod.metadata.deletionTimestamp !== undefined) this.#deletionSeen = true;
    const view = viewOf(pod);
    switch (view.kind) {
      case "waiting":
        this.#waiting(view);
        break;
      case "running":
        this.#running(pod, view);
        break;
      case "ended":
        void this.#containerEnded(pod, view);
        break;
      case "failed":
        this.#finishWithout(view.message, view.deadline);
        break;
      case "lost":
        this.#lose(view.reason);
        break;
    }
    if (pod.metadata.deletionTimestamp !== undefined)
      void this.#watchTerminating(pod.metadata.deletionTimestamp);
  }

  /** The pod is no more. A log that is being read to its end may still finish. */
  vanished(): void {
    if (this.#phase === "ending" || this.#phase === "over") return;
    if (this.#ending !== undefined) this.#finishWithout(undefined, this.#ending === "deadline");
    else this.#lose("pod deleted");
  }

  /** Asks the pod to end. The answer comes through `observe` or `vanished`. */
  async stop(how: "term" | "kill", why: Ending = "stopped"): Promise<void> {
    if (this.#phase === "over") return;
    this.#ending ??= why;
    this.#killed ||= how === "kill";
    // 1 s is the shortest grace with which the kubelet still reports the exit code; 0 only removes the object.
    const found = await this.#pod.delete(how === "kill" ? 1 : undefined);
    // Stopped before its pod was made: nothing else will tell its end.
    if (!found) this.vanished();
    else if (this.#phase === "waiting") await this.#endUnstarted();
  }

  /**
   * The kubelet may take half a minute to remove a pod whose container never started: such a step is over now, and
   * `forget` takes the pod away. Only when the container surely did not start, or may be killed at once if it just did.
   */
  async #endUnstarted(): Promise<void> {
    const pod = await this.#pod.get();
    if (this.#life.signal.aborted) return;
    if (pod === undefined) return this.vanished();
    const view = viewOf(pod);
    if (view.kind === "waiting" && (this.#killed || view.stuck !== undefined)) this.vanished();
    else this.observe(pod);
  }

  refuse(error: { readonly code: string; readonly message: string; readonly hint: string }): void {
    this.#end({
      type: "refused",
      stepId: this.request.id,
      at: this.#deps.clock.now(),
      code: error.code,
      message: error.message,
      hint: error.hint,
    });
  }

  /** Its deadline was over before it had a pod. */
  expired(): void {
    this.#ending = "deadline";
    this.#finishWithout(undefined, true);
  }

  /** Shown to users while the step waits for something outside its pod. */
  pending(message: string): void {
    if (this.#phase === "waiting") this.#progress.pending(message);
  }

  dispose(): void {
    this.#life.abort();
  }

  #waiting(view: Extract<PodView, { kind: "waiting" }>): void {
    if (this.#phase !== "waiting") return;
    this.pending(view.message);
    if (view.stuck === undefined) {
      this.#stuckSince = undefined;
      return;
    }
    if (view.stuck === "hopeless") void this.#refuseStuck(view.message, true);
    else if (this.#stuckSince === undefined) void this.#watchStuck();
  }

  async #watchStuck(): Promise<void> {
    const { clock, stuckAfterMs } = this.#deps;
    const since = clock.now();
    this.#stuckSince = since;
    await sleepFor(clock, stuckAfterMs, this.#life.signal);
    if (!this.#life.signal.aborted && this.#phase === "waiting" && this.#stuckSince === since)
      await this.#refuseStuck(this.#progress.message);
  }

  async #refuseStuck(message: string, hopeless = false): Promise<void> {
    const [reason = "", ...said] = message.split(": ");
    this.refuse(
      KubeExecError.STUCK({
        reason,
        said: said.join(": "),
        ...(hopeless ? {} : { afterMs: this.#deps.stuckAfterMs }),
      }),
    );
    await this.#pod.quietly(() => this.#pod.delete(1));
  }

  #running(pod: KubeObject, view: Extract<PodView, { kind: "running" }>): void {
    if (this.#phase === "waiting") {
      this.#begin(view);
      void this.#finishEarly(this.#log.read(pod));
    }
    this.#progress.ready(view);
  }

  #begin(view: Begun): void {
    this.#phase = "running";
    this.#startedAt = view.startedAt || this.#deps.clock.now();
    this.#progress.started(this.#startedAt, view);
  }

  /** A wrapped step says its end in its log, up to a second before the kubelet does. */
  async #finishEarly(reader: LogReader): Promise<void> {
    const read = await reader.ended;
    if (this.#life.signal.aborted || this.#phase !== "running" || !read.frames.complete) return;
    // T3: what a deletion by somebody else interrupted is lost, whatever it printed.
    if (this.#deletionSeen && this.#ending === undefined) return;
    await this.#log.sidesEnded();
    if (this.#life.signal.aborted || this.#phase !== "running") return;
    this.#finish(read, {
      startedAt: this.#startedAt,
      endedAt: read.lastAt ?? this.#deps.clock.now(),
      exitCode: read.frames.exitCode ?? 1,
    });
  }

  async #containerEnded(pod: KubeObject, view: Ended): Promise<void> {
    if (view.notStarted !== undefined) return this.#notStarted(view, view.notStarted);
    if (this.#phase === "waiting") this.#begin(view);
    this.#phase = "ending";
    const reader = this.#log.read(pod);
    reader.containerEnded();
    const read = await reader.ended;
    await this.#log.sidesEnded();
    if (this.#life.signal.aborted || this.over) return;
    if (read.incomplete !== undefined)
      this.#deps.log.warn("the log's end could not be read", {
        step: this.request.id,
        reason: messageOf(read.incomplete),
      });
    if (this.#ending === undefined && interrupted(view)) this.#lose("pod deleted");
    else this.#finish(read, view);
  }

  #notStarted(view: Ended, said: string): void {
    const image = bodyOf(this.request).image;
    if (/\/bin\/sh\b.*(?:no such file|not found)/.test(said)) {
      this.refuse(KubeExecError.NO_SHELL({ image: image ?? "", said }));
      return;
    }
    this.#end(notStartedOf(this.request, said, { startedAt: view.startedAt, now: this.#deps.clock.now() }));
  }

  #finish(
    read: ReadLog,
    view: Pick<Ended, "startedAt" | "endedAt" | "exitCode" | "message" | "deadline">,
  ): void {
    const deadline = view.deadline === true || this.#ending === "deadline";
    this.#end(finishedOf(this.request, { ...view, deadline }, read));
  }

  /** The pod failed or went as a whole; what its log gave is kept. */
  #finishWithout(message: string | undefined, deadline: boolean): void {
    const now = this.#deps.clock.now();
    const exitCode = this.#killed || this.#ending === undefined ? sigkill : sigterm;
    this.#end(
      finishedOf(this.request, {
        startedAt: this.#startedAt || now,
        endedAt: now,
        exitCode,
        deadline,
        ...(message === undefined ? {} : { message }),
      }),
    );
  }

  #lose(reason: string): void {
    this.#end({ type: "lost", stepId: this.request.id, at: this.#deps.clock.now(), reason });
  }

  /** T1 */
  #end(event: StepEvent): void {
    if (this.#phase === "over") return;
    this.#phase = "over";
    this.#deps.queue.put(event);
    this.#life.abort();
  }

  async #watchDeadline(at: number): Promise<void> {
    const { clock, log } = this.#deps;
    await clock.sleepUntil(at, this.#life.signal);
    if (this.#life.signal.aborted) return;
    log.info("step is out of time", { step: this.request.id });
    await this.#pod.quietly(() => this.stop("term", "deadline"));
  }

  /** A pod whose node is gone stays in deletion for ever. */
  async #watchTerminating(deletionTimestamp: string): Promise<void> {
    if (this.#terminatingWatched) return;
    this.#terminatingWatched = true;
    const until = Date.parse(deletionTimestamp) + terminatingSlackMs;
    await this.#deps.clock.sleepUntil(until, this.#life.signal);
    if (this.#life.signal.aborted) return;
    if (this.#ending === undefined) this.#lose("its node does not answer");
    else this.vanished();
  }
}
