import type { Executor } from "../../executor/contract.ts";
import { isStepEnd, type StepEnd, type StepEvent } from "../../executor/events.ts";
import type { StepRequest } from "../../executor/request.ts";

/** What an executor's own test hands to the suite. Disposed after each test. */
export interface ExecutorBench extends AsyncDisposable {
  /** Opens an instance over the bench's state; a second call is the next process over the same state. */
  open(): Promise<Executor>;
  /** An image with `sh`, `sleep`, `printf`, `seq`. Default: `defaultImage`. */
  readonly image?: string;
}

/** The one reader of an executor's events: keeps all of them and lets a test await one. */
export class EventReader implements AsyncDisposable {
  readonly events: StepEvent[] = [];
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #done: Promise<void>;

  constructor(executor: Executor) {
    this.#done = this.#read(executor);
  }

  async #read(executor: Executor): Promise<void> {
    for await (const event of executor.events(this.#stop.signal)) {
      this.events.push(event);
      for (const wake of [...this.#waiting]) wake();
    }
  }

  /** The first event, past or to come, for which `match` gives something. */
  until<T>(match: (event: StepEvent) => T | undefined): Promise<T> {
    return new Promise((resolve) => {
      let looked = 0;
      const look = () => {
        while (looked < this.events.length) {
          const found = match(this.events[looked++] as StepEvent);
          if (found === undefined) continue;
          this.#waiting.delete(look);
          return resolve(found);
        }
      };
      this.#waiting.add(look);
      look();
    });
  }

  ended(stepId: string): Promise<StepEnd> {
    return this.until((e) => (isStepEnd(e) && e.stepId === stepId ? e : undefined));
  }

  /** The first telling that a daemon is ready. */
  ready(stepId: string): Promise<Extract<StepEvent, { type: "ready" }>> {
    return this.until((e) => (e.type === "ready" && e.stepId === stepId ? e : undefined));
  }

  /** Resolves once the step has written this line. */
  line(stepId: string, text: string): Promise<true> {
    return this.until((e) =>
      e.type === "output" && e.stepId === stepId && e.lines.some((l) => l.text === text) ? true : undefined,
    );
  }

  lines(stepId: string): readonly string[] {
    return this.events.flatMap((e) =>
      e.type === "output" && e.stepId === stepId ? e.lines.map((l) => l.text) : [],
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#done;
  }
}

export const defaultImage = "alpine:3.23";

let serial = 0;

/** A step that runs `source` with `sh`; every call has an id of its own. */
export function shStep(
  source: string,
  over: Partial<StepRequest> & { readonly image?: string } = {},
): StepRequest {
  const { image = defaultImage, ...rest } = over;
  serial += 1;
  const name = `conformance-${process.pid}-${serial}`;
  const uid = `${String(process.pid).padStart(8, "0")}-0000-8000-a000-${String(serial).padStart(12, "0")}`;
  return {
    id: `${uid}.${serial}.0`,
    run: { namespace: "default", name, uid },
    node: { id: `${name}-1`, name: `${name}.step`, template: "step", attempt: 0 },
    work: { kind: "script", script: { image, command: ["sh"], source } },
    outputPaths: [],
    captureResult: false,
    graceMs: 2_000,
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    pod: {},
    metadata: { labels: {}, annotations: {} },
    ...rest,
  };
}
