// One executor for the engine: processes and pods by the one, what the agent does by the agent.
import type { Executor, ExecutorDescription, StartPermit, StepEvent, StepRequest } from "@sluice/engine";
import type { AgentExecutor } from "./agent-executor.ts";

/** Sends each step where its kind of work is done. Both parts are owned by who made them: disposing this does nothing. */
export function withAgent(main: Executor, agent: AgentExecutor): Executor {
  return new RoutedExecutor(main, agent);
}

class RoutedExecutor implements Executor {
  readonly kind: string;
  readonly site?: string;
  readonly #main: Executor;
  readonly #agent: AgentExecutor;
  /** Events between their queue and the reader. */
  readonly #handed: Handed<StepEvent>[] = [];

  constructor(main: Executor, agent: AgentExecutor) {
    this.kind = main.kind;
    if (main.site !== undefined) this.site = main.site;
    this.#main = main;
    this.#agent = agent;
  }

  start(step: StepRequest, permit?: StartPermit): Promise<void> {
    return this.#agent.does(step.work.kind) ? this.#agent.start(step) : this.#main.start(step, permit);
  }

  stop(stepId: string, how: "term" | "kill"): Promise<void> {
    return this.#of(stepId).stop(stepId, how);
  }

  /** What the agent does ends with its process. */
  isPlaceless({ work }: StepRequest): boolean {
    return this.#agent.does(work.kind);
  }

  async detach(stepIds: readonly string[]): Promise<void> {
    const ids = new Set(stepIds);
    for (const handed of this.#handed) if (ids.has(handed.item.stepId)) handed.isDropped = true;
    await Promise.all([this.#main.detach(stepIds), this.#agent.detach(stepIds)]);
  }

  async adopt(
    known: readonly StepRequest[],
    owns?: (runUid: string) => boolean,
  ): Promise<{ readonly attached: readonly string[] }> {
    const { yes = [], no = [] } = Object.groupBy(known, ({ work }) =>
      this.#agent.does(work.kind) ? "yes" : "no",
    );
    const [main, agent] = await Promise.all([this.#main.adopt(no, owns), this.#agent.adopt(yes, owns)]);
    return { attached: [...main.attached, ...agent.attached] };
  }

  forget(stepId: string): Promise<void> {
    return this.#of(stepId).forget(stepId);
  }

  async forgetRun(run: StepRequest["run"]): Promise<void> {
    await this.#main.forgetRun?.(run);
  }

  events(signal: AbortSignal): AsyncIterable<StepEvent> {
    return merged([this.#main.events(signal), this.#agent.events(signal)], this.#handed);
  }

  describe(): Promise<ExecutorDescription> {
    return this.#main.describe();
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #of(stepId: string): Executor {
    return this.#agent.knows(stepId) ? this.#agent : this.#main;
  }
}

interface Handed<T> {
  readonly item: T;
  readonly taken: () => void;
  /** Nobody wants it any more. */
  isDropped: boolean;
}

/** Takes in turn from each what is there. Nothing is asked ahead of the reader but one item of each: they may hold back. */
export async function* merged<T>(
  inputs: readonly AsyncIterable<T>[],
  handed: Handed<T>[] = [],
): AsyncGenerator<T> {
  handed.length = 0;
  let open = inputs.length;
  let failure: { readonly cause: unknown } | undefined;
  let wake = (): void => {};
  const hand = async (input: AsyncIterable<T>): Promise<void> => {
    for await (const item of input)
      await new Promise<void>((taken) => {
        handed.push({ item, taken, isDropped: false });
        wake();
      });
  };
  for (const input of inputs)
    void hand(input)
      .catch((cause: unknown) => {
        failure ??= { cause };
      })
      .finally(() => {
        open -= 1;
        wake();
      });
  for (;;) {
    const next = handed.shift();
    if (next !== undefined) {
      if (!next.isDropped) yield next.item;
      next.taken();
    } else if (failure !== undefined) throw failure.cause;
    else if (open === 0) return;
    else
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
  }
}
