import type { StepRequest } from "@sluice/engine";
import type { PodView } from "../pod-view.ts";
import type { StepDeps } from "./deps.ts";

/** What is known of a container that began; `startedAt` in epoch ms, 0 = unknown. */
export interface Begun {
  readonly startedAt: number;
  readonly host?: string;
}

/** Tells how far a step is, each thing once. */
export class StepProgress {
  readonly #request: StepRequest;
  readonly #deps: Pick<StepDeps, "clock" | "queue">;
  #message = "";
  #isReadyTold = false;

  constructor(request: StepRequest, deps: Pick<StepDeps, "clock" | "queue">) {
    this.#request = request;
    this.#deps = deps;
  }

  /** What it waits for, as it was told last. */
  get message(): string {
    return this.#message;
  }

  pending(message: string): void {
    if (message === this.#message) return;
    this.#message = message;
    const { clock, queue } = this.#deps;
    queue.put({ type: "pending", stepId: this.#request.id, at: clock.now(), message });
  }

  started(at: number, { host }: Begun): void {
    this.#deps.queue.put({
      type: "started",
      stepId: this.#request.id,
      at,
      ...(host === undefined ? {} : { host }),
    });
  }

  /** X6. Told once: a probe that fails later takes nothing back. */
  ready({ isReady, podIP }: Extract<PodView, { kind: "running" }>): void {
    if (this.#request.daemon !== true || this.#isReadyTold || isReady !== true) return;
    this.#isReadyTold = true;
    const { clock, queue } = this.#deps;
    const ip = podIP === undefined ? {} : { ip: podIP };
    queue.put({ type: "ready", stepId: this.#request.id, at: clock.now(), ...ip });
  }
}
