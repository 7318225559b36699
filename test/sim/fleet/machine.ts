// The machine that steps run on: it outlives every process of the engine.
// Invariants
//   M1. A step is known by its ground; whoever claims the ground decides its fate, once. A ground that was removed cannot be
//       claimed any more, and one that is made anew under the same id is another ground.
//   M2. What a step wrote and how it ended is told as often as it is asked for, until its ground is removed.
import type { Clock } from "@sluice/base";
import type { StepEvent, StepRequest } from "@sluice/engine";

type End = Extract<StepEvent, { type: "finished" | "lost" }>;

export interface Ground {
  readonly id: string;
  claim: "none" | "ours" | "step";
  isRemoved: boolean;
  request: StepRequest | undefined;
  startedAt: number | undefined;
  readonly lines: string[];
  stop: "term" | "kill" | undefined;
  end: End | undefined;
}

export interface MachineRules {
  /** Called at each real start, before anything else knows of it. */
  started(request: StepRequest): void;
  said(request: StepRequest, lines: readonly string[]): void;
}

export class Machine {
  readonly #clock: Clock;
  readonly #rules: MachineRules;
  readonly #grounds = new Map<string, Ground>();
  readonly #listeners = new Set<() => void>();

  constructor(clock: Clock, rules: MachineRules) {
    this.#clock = clock;
    this.#rules = rules;
  }

  get grounds(): readonly Ground[] {
    return [...this.#grounds.values()];
  }

  get running(): readonly (Ground & { readonly request: StepRequest })[] {
    return this.grounds.filter((g): g is Ground & { request: StepRequest } => isRunning(g));
  }

  /** Resolves at the next change of any ground. */
  changed(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#listeners.delete(wake);
        resolve();
      };
      this.#listeners.add(wake);
    });
  }

  #tell(): void {
    for (const wake of [...this.#listeners]) wake();
  }

  ground(id: string): Ground | undefined {
    return this.#grounds.get(id);
  }

  create(id: string): Ground {
    const known = this.#grounds.get(id);
    if (known !== undefined) return known;
    const rest = { request: undefined, startedAt: undefined, stop: undefined, end: undefined };
    const ground: Ground = { id, claim: "none", isRemoved: false, lines: [], ...rest };
    this.#grounds.set(id, ground);
    return ground;
  }

  /** A step's process comes to be (M1). */
  spawn(ground: Ground, request: StepRequest): void {
    if (ground.isRemoved || ground.claim !== "none") return;
    ground.claim = "step";
    ground.request = request;
    ground.startedAt = this.#clock.now();
    this.#rules.started(request);
    this.#tell();
  }

  stop(ground: Ground, how: "term" | "kill"): void {
    ground.stop = how;
    if (ground.claim !== "none") return;
    ground.claim = "ours";
    this.#end(ground, { exitCode: 143 });
  }

  say(ground: Ground & { readonly request: StepRequest }, count: number): void {
    const lines = Array.from({ length: count }, (_, i) => `line ${ground.lines.length + i}`);
    ground.lines.push(...lines);
    this.#rules.said(ground.request, lines);
    this.#tell();
  }

  end(ground: Ground, end: { exitCode: number; result?: string; deadline?: boolean }): void {
    if (isRunning(ground)) this.#end(ground, end);
  }

  lose(ground: Ground): void {
    if (!isRunning(ground)) return;
    ground.end = { type: "lost", stepId: ground.id, at: this.#clock.now(), reason: "its machine is gone" };
    this.#tell();
  }

  #end(ground: Ground, { exitCode, result, deadline }: Parameters<Machine["end"]>[1]): void {
    const at = this.#clock.now();
    ground.end = {
      type: "finished",
      stepId: ground.id,
      at,
      startedAt: ground.startedAt ?? at,
      exitCode,
      outputs: { out: "o" },
      ...(result === undefined ? {} : { result }),
      ...(deadline === true ? { deadline } : {}),
    };
    this.#tell();
  }

  /** A running step goes with its ground; gives the one that did. */
  remove(id: string): StepRequest | undefined {
    const ground = this.#grounds.get(id);
    if (ground === undefined) return undefined;
    const ran = isRunning(ground) ? ground.request : undefined;
    if (ground.claim === "none") ground.claim = "ours";
    ground.isRemoved = true;
    this.#grounds.delete(id);
    this.#tell();
    return ran;
  }
}

const isRunning = (ground: Ground): boolean => ground.claim === "step" && ground.end === undefined;
