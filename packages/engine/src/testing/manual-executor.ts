import { Mailbox } from "@sluice/base";
import { type Executor, type ExecutorDescription, runUidOf } from "../executor/contract.ts";
import type { StepEvent, StepLine } from "../executor/events.ts";
import { claimOwnerOf, type StepRequest } from "../executor/request.ts";

/** How a step of the fake ends; undefined keeps it running until the test ends it. */
export type ManualEnd =
  | {
      readonly exitCode?: number;
      readonly result?: string;
      readonly outputs?: Readonly<Record<string, string | undefined>>;
      readonly lines?: readonly string[];
    }
  | undefined;

/** Where daemons of the fake answer. */
const manualIp = "10.0.0.1";

interface World {
  readonly running: Map<string, StepRequest>;
  /** Daemons that are ready. */
  readonly ready: Set<string>;
  readonly ended: Map<string, Extract<StepEvent, { type: "finished" | "lost" }>>;
  /** What each step said last of how far it is, until it is forgotten. */
  readonly progress: Map<string, string>;
  /** What each step wrote, until it is forgotten. */
  readonly output: Map<string, StepLine[]>;
  /** Every real start, in order: a step id twice in it was run twice. */
  readonly starts: string[];
  /** Owners of claims that are needed no more, each time that it was said. */
  readonly freed: string[];
  /** The instances that look at this world: each is told of the steps that it has attached to. */
  readonly tellers: Set<(event: StepEvent) => void>;
}

export interface ManualOptions {
  /** Now, epoch ms. */
  readonly now: () => number;
  /** What a step does when it starts. Default: nothing, the test says when it ends. */
  readonly script?: (step: StepRequest) => ManualEnd;
  /** Whether a daemon is ready as soon as it runs. Default true; else the test says when. */
  readonly isReadyAtOnce?: boolean;
  /** As `Executor.site`. */
  readonly site?: string;
  /** A fake's outside world: hand it to the next instance, as a machine outlives a process. */
  readonly world?: World;
}

export const manualWorld = (): World => ({
  running: new Map(),
  ready: new Set(),
  ended: new Map(),
  progress: new Map(),
  output: new Map(),
  starts: [],
  freed: [],
  tellers: new Set(),
});

/** An executor whose steps end when a test says so. Keeps X1–X4 and X6; several instances may share one world. */
export class ManualExecutor implements Executor {
  readonly kind = "manual";
  readonly site?: string;
  readonly world: World;
  readonly #options: ManualOptions;
  readonly #events = new Mailbox<StepEvent>();
  readonly #watchers = new Set<() => void>();
  /** Steps that this instance started or adopted: it tells of no others. */
  readonly #attached = new Set<string>();

  constructor(options: ManualOptions) {
    this.#options = options;
    this.world = options.world ?? manualWorld();
    if (options.site !== undefined) this.site = options.site;
    this.world.tellers.add(this.#hear);
  }

  readonly #hear = (event: StepEvent): void => {
    if (this.#attached.has(event.stepId)) this.#events.put(event);
  };

  #say(event: StepEvent): void {
    for (const tell of [...this.world.tellers]) tell(event);
  }

  /** Ids of the steps that run now. */
  get running(): readonly string[] {
    return [...this.world.running.keys()];
  }

  async start(step: StepRequest): Promise<void> {
    if (this.#attach(step.id)) return;
    this.#attached.add(step.id);
    this.world.starts.push(step.id);
    this.world.running.set(step.id, step);
    this.#events.put({ type: "started", stepId: step.id, at: this.#options.now(), host: "test-host" });
    if (step.daemon === true && this.#options.isReadyAtOnce !== false) this.ready(step.id);
    const end = this.#options.script?.(step);
    if (end !== undefined) this.end(step.id, end);
    for (const wake of [...this.#watchers]) wake();
  }

  /** Resolves with the request once a step for which `match` holds runs. */
  async started(match: (step: StepRequest) => boolean): Promise<StepRequest> {
    for (;;) {
      const found = [...this.world.running.values()].find(match);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#watchers.delete(wake);
          resolve();
        };
        this.#watchers.add(wake);
      });
    }
  }

  /** A running daemon can be used from now on. */
  ready(stepId: string): void {
    if (!this.world.running.has(stepId)) throw new Error(`step '${stepId}' does not run`);
    this.world.ready.add(stepId);
    this.#say({ type: "ready", stepId, at: this.#options.now(), ip: manualIp });
  }

  /** A running step says how far it is: `N/M`. */
  progress(stepId: string, progress: string): void {
    if (!this.world.running.has(stepId)) throw new Error(`step '${stepId}' does not run`);
    this.world.progress.set(stepId, progress);
    this.#say({ type: "progress", stepId, at: this.#options.now(), progress });
  }

  end(stepId: string, end: Exclude<ManualEnd, undefined> = {}): void {
    if (!this.world.running.delete(stepId)) throw new Error(`step '${stepId}' does not run`);
    if (end.lines !== undefined) this.#tell(stepId, end.lines, "stdout");
    const at = this.#options.now();
    this.#finish({
      type: "finished",
      stepId,
      at,
      startedAt: at,
      exitCode: end.exitCode ?? 0,
      outputs: end.outputs ?? {},
      ...(end.result === undefined ? {} : { result: end.result }),
      ...this.#progressOf(stepId),
    });
  }

  #progressOf(stepId: string): { readonly progress?: string } {
    const progress = this.world.progress.get(stepId);
    return progress === undefined ? {} : { progress };
  }

  /** A running step writes lines. */
  say(stepId: string, lines: readonly string[], stream: StepLine["stream"] = "stdout"): void {
    if (!this.world.running.has(stepId)) throw new Error(`step '${stepId}' does not run`);
    this.#tell(stepId, lines, stream);
  }

  #tell(stepId: string, texts: readonly string[], stream: StepLine["stream"]): void {
    const lines = texts.map((text) => ({ at: this.#options.now(), stream, text }));
    this.world.output.set(stepId, [...(this.world.output.get(stepId) ?? []), ...lines]);
    this.#say({ type: "output", stepId, lines });
  }

  /** Tells again all that a known step said and how it ended, as a watcher that begins anew. */
  #attach(stepId: string): boolean {
    const ended = this.world.ended.get(stepId);
    if (ended === undefined && !this.world.running.has(stepId)) return false;
    this.#attached.add(stepId);
    const lines = this.world.output.get(stepId);
    if (lines !== undefined) this.#events.put({ type: "output", stepId, lines });
    if (this.world.ready.has(stepId))
      this.#events.put({ type: "ready", stepId, at: this.#options.now(), ip: manualIp });
    const { progress } = this.#progressOf(stepId);
    if (progress !== undefined)
      this.#events.put({ type: "progress", stepId, at: this.#options.now(), progress });
    if (ended !== undefined) this.#events.put(ended);
    return true;
  }

  lose(stepId: string, reason = "pod deleted"): void {
    if (this.world.running.delete(stepId))
      this.#finish({ type: "lost", stepId, at: this.#options.now(), reason });
  }

  #finish(event: Extract<StepEvent, { type: "finished" | "lost" }>): void {
    this.world.ready.delete(event.stepId);
    this.world.ended.set(event.stepId, event);
    this.#say(event);
  }

  async stop(stepId: string, how: "term" | "kill"): Promise<void> {
    if (this.world.running.has(stepId)) this.end(stepId, { exitCode: how === "kill" ? 137 : 143 });
  }

  async adopt(
    known: readonly StepRequest[],
    owns: (runUid: string) => boolean = () => true,
  ): Promise<{ readonly attached: readonly string[] }> {
    const ids = new Set(known.map((step) => step.id));
    for (const stepId of this.running)
      if (!ids.has(stepId) && !this.#attached.has(stepId) && owns(runUidOf(stepId))) {
        this.world.running.delete(stepId);
        this.#say({ type: "lost", stepId, at: this.#options.now(), reason: "removed: no known step" });
      }
    return { attached: known.map((step) => step.id).filter((stepId) => this.#attach(stepId)) };
  }

  async detach(stepIds: readonly string[]): Promise<void> {
    for (const stepId of stepIds) this.#attached.delete(stepId);
  }

  async forget(stepId: string): Promise<void> {
    this.world.ended.delete(stepId);
    this.world.output.delete(stepId);
    this.world.progress.delete(stepId);
  }

  async forgetRun(run: StepRequest["run"]): Promise<void> {
    this.world.freed.push(claimOwnerOf(run));
  }

  async *events(signal: AbortSignal): AsyncIterable<StepEvent> {
    const stop = () => this.#leave();
    if (signal.aborted) return;
    signal.addEventListener("abort", stop, { once: true });
    for await (const event of this.#events) {
      if (signal.aborted) return;
      yield event;
    }
  }

  async describe(): Promise<ExecutorDescription> {
    return { kind: this.kind, isolation: "none", reason: "a fake for tests", warnings: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #leave(): void {
    this.world.tellers.delete(this.#hear);
    this.#events.close();
  }
}
