// The agent: steps that need no process of their own are done here, inside the engine's process.
// Owns:      the tasks under way.   Talks to: its kinds of work, Clock.
// Invariants: X1–X4 of the contract for the life of this process. Nothing of a task outlives it: after a restart none is
// attached to, and the engine starts each again, so that each is done at least once.
import { type AppError, type Clock, isAppError, type Logger, messageOf, type Random } from "@sluice/base";
import type { Executor, ExecutorDescription, StepEvent, StepRequest, StepWork } from "@sluice/engine";
import { EventQueue } from "../event-queue.ts";
import { AgentError } from "./errors.ts";
import { Turns } from "./turns.ts";
import type { AgentWork, WorkEnd } from "./work.ts";

export interface AgentOptions {
  readonly works: readonly AgentWork[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

type StepEnd = Extract<StepEvent, { type: "finished" | "refused" }>;

interface Task {
  readonly abort: AbortController;
  /** Asked to end, by whom. */
  stop?: "term" | "kill" | "deadline";
  end?: StepEnd;
}

/** Owned by the composition root. Disposing ends what is under way without a word: the next process does it again. */
export function makeAgent(options: AgentOptions): AgentExecutor {
  return new AgentExecutor(options);
}

export class AgentExecutor implements Executor {
  readonly kind = "agent";
  readonly #options: AgentOptions;
  readonly #works: ReadonlyMap<string, { readonly work: AgentWork; readonly turns: Turns }>;
  readonly #queue = new EventQueue();
  readonly #tasks = new Map<string, Task>();
  readonly #running = new Set<Promise<void>>();
  readonly #closed = new AbortController();

  constructor(options: AgentOptions) {
    this.#options = options;
    this.#works = new Map(
      options.works.map((work) => [work.kind, { work, turns: new Turns(work.maxAtOnce) }]),
    );
  }

  /** Whether work of this kind is done here rather than by a process or a pod. */
  does(kind: StepWork["kind"]): boolean {
    return this.#works.has(kind);
  }

  knows(stepId: string): boolean {
    return this.#tasks.has(stepId);
  }

  async start(step: StepRequest): Promise<void> {
    if (this.#tasks.has(step.id)) return;
    const task: Task = { abort: new AbortController() };
    this.#tasks.set(step.id, task);
    const running = this.#run(step, task).finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  async stop(stepId: string, how: "term" | "kill"): Promise<void> {
    this.#halt(this.#tasks.get(stepId), how);
  }

  #halt(task: Task | undefined, how: "term" | "kill" | "deadline"): void {
    if (task === undefined || task.stop !== undefined || task.end !== undefined) return;
    task.stop = how;
    task.abort.abort();
  }

  /** Every task is this instance's own; without `owns` it is asked by a new engine, which knows no others. */
  async adopt(
    known: readonly StepRequest[],
    owns?: (runUid: string) => boolean,
  ): Promise<{ readonly attached: readonly string[] }> {
    const wanted = new Set(known.map(({ id }) => id));
    if (owns === undefined) await this.detach([...this.#tasks.keys()].filter((id) => !wanted.has(id)));
    const attached = [...wanted].filter((id) => this.#tasks.has(id));
    for (const id of attached) {
      const end = this.#tasks.get(id)?.end;
      if (end !== undefined) this.#queue.put(end);
    }
    return { attached };
  }

  /** What is under way is broken off: whoever has the step now does it again. */
  async detach(stepIds: readonly string[]): Promise<void> {
    for (const id of stepIds) {
      const task = this.#tasks.get(id);
      this.#tasks.delete(id);
      task?.abort.abort();
    }
    this.#queue.drop(new Set(stepIds));
  }

  async forget(stepId: string): Promise<void> {
    this.#tasks.delete(stepId);
  }

  events(signal: AbortSignal): AsyncIterable<StepEvent> {
    return this.#queue.read(AbortSignal.any([signal, this.#closed.signal]));
  }

  async describe(): Promise<ExecutorDescription> {
    const kinds = [...this.#works.keys()].join(", ");
    return { kind: this.kind, isolation: "none", reason: `does ${kinds} inside this process`, warnings: [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort();
    await Promise.all(this.#running);
  }

  async #run(step: StepRequest, task: Task): Promise<void> {
    const { clock } = this.#options;
    const signal = AbortSignal.any([task.abort.signal, this.#closed.signal]);
    const over = new AbortController();
    if (step.deadlineAt !== undefined)
      void clock
        .sleepUntil(step.deadlineAt, AbortSignal.any([over.signal, signal]))
        .then(() => (over.signal.aborted ? undefined : this.#halt(task, "deadline")));
    const startedAt = clock.now();
    const end = await this.#end(step, signal);
    over.abort();
    // A process that ends says nothing of what it broke off.
    if (this.#closed.signal.aborted && task.stop === undefined) return;
    if (!this.#tasks.has(step.id)) return;
    task.end = this.#told(step.id, startedAt, task.stop ?? end);
    this.#queue.put(task.end);
  }

  async #end(step: StepRequest, signal: AbortSignal): Promise<WorkEnd | AppError> {
    const { clock, random, log } = this.#options;
    const { kind } = step.work;
    const one = this.#works.get(kind);
    if (one === undefined) return AgentError.WORK_UNSUPPORTED({ kind });
    const at = () => clock.now();
    const put = (event: StepEvent) => this.#queue.put(event);
    const release = await one.turns.take(signal);
    try {
      signal.throwIfAborted();
      put({ type: "started", stepId: step.id, at: at() });
      return await one.work.run({
        step,
        clock,
        random,
        log,
        signal,
        pending: (message) => put({ type: "pending", stepId: step.id, at: at(), message }),
        say: (text, stream = "stdout") =>
          put({ type: "output", stepId: step.id, lines: [{ at: at(), stream, text }] }),
      });
    } catch (error) {
      if (isAppError(error)) return error;
      if (!signal.aborted) log.error("a step of the agent broke", { step: step.id, cause: messageOf(error) });
      return AgentError.BROKEN({ kind, reason: messageOf(error) }, error);
    } finally {
      release();
    }
  }

  #told(stepId: string, startedAt: number, end: WorkEnd | AppError | "term" | "kill" | "deadline"): StepEnd {
    const at = this.#options.clock.now();
    const finished = { type: "finished", stepId, at, startedAt } as const;
    if (end === "deadline") return { ...finished, exitCode: 143, outputs: {}, deadline: true };
    if (typeof end === "string")
      return { ...finished, exitCode: end === "kill" ? 137 : 143, outputs: {}, message: "it was stopped" };
    if (isAppError(end))
      return { type: "refused", stepId, at, code: end.code, message: end.message, hint: end.hint };
    return {
      ...finished,
      exitCode: end.phase === "Succeeded" ? 0 : 1,
      outputs: end.outputs ?? {},
      ...(end.result === undefined ? {} : { result: end.result }),
      ...(end.message === undefined ? {} : { message: end.message }),
      ...(end.phase === "Error" ? { error: true } : {}),
    };
  }
}
