// What holds of a fleet beside the laws of one run (`../laws.ts`).
//   W1. No step id is started twice, by however many engines.
//   W2. At no moment do more steps run than parallelism, mutexes and semaphores allow.
//   W3. A step that runs, and of which its run still wants the end, is never cleared away.
//   W4. What steps wrote is stored once, in its order.
//   W5. When every run is over nothing is kept for any of them (leftovers.ts).
import type { Journal, Stores } from "@sluice/bus";
import type { Fact, StepRequest } from "@sluice/engine";
import type { Workflow } from "@sluice/spec";
import type { Ground } from "./machine.ts";
import { Observer } from "./observer.ts";

/** What one attempt of a node wrote on the machine. */
interface Said {
  readonly stepId: string;
  readonly lines: string[];
}

export class FleetLaws {
  /** Steps that were started, in their order. */
  readonly starts: string[] = [];
  readonly observer: Observer;
  readonly #workflows: readonly Workflow[];
  readonly #note: (line: string) => void;
  readonly #said = new Map<string, Said>();
  #broken: Error | undefined;

  constructor(workflows: readonly Workflow[], note: (line: string) => void) {
    this.#workflows = workflows;
    this.#note = note;
    this.observer = new Observer(note);
  }

  /** Lines that steps wrote. */
  get lines(): number {
    return [...this.#said.values()].reduce((sum, { lines }) => sum + lines.length, 0);
  }

  async follow(journal: Journal<Fact>, signal: AbortSignal): Promise<void> {
    await this.observer.follow(journal, signal).catch((error: Error) => this.broke(error));
  }

  /** A law is broken, or an engine gave up: `check` throws the first. */
  broke(error: Error): void {
    this.#broken ??= error;
  }

  check(): void {
    if (this.#broken !== undefined) throw this.#broken;
  }

  /** A step starts on the machine, on which it runs already among `running`. */
  started(request: StepRequest, running: readonly (Ground & { readonly request: StepRequest })[]): void {
    this.#note(`${request.id} starts (${request.run.name} ${request.node.name})`);
    if (this.starts.includes(request.id)) this.broke(new Error(`W1: ${request.id} was started twice`));
    this.starts.push(request.id);
    // A step whose time is over is cut off: it ends for the run at once, and on the machine when that has heard of it.
    const others = running.map((ground) => ground.request).filter((step) => this.observer.isUnderWay(step));
    this.#bounded(request, others);
  }

  /** W2. */
  #bounded({ run }: StepRequest, running: readonly StepRequest[]): void {
    const { parallelism } = this.#specOf(run.name);
    const own = running.filter((step) => step.run.uid === run.uid).length;
    if (parallelism !== undefined && own > parallelism)
      this.broke(new Error(`W2: ${own} steps of ${run.name} at once, parallelism is ${parallelism}`));
    const under = (holds: (sync: object) => boolean) =>
      running.filter((step) => holds(this.#templateOf(step)?.synchronization ?? {})).length;
    const alone = under((sync) => "mutexes" in sync && JSON.stringify(sync.mutexes).includes('"one"'));
    if (alone > 1) this.broke(new Error(`W2: ${alone} steps under one mutex`));
    const pooled = under((sync) => "semaphores" in sync);
    if (pooled > 2) this.broke(new Error(`W2: ${pooled} steps under a semaphore of 2`));
  }

  /** A process cleared away a step that ran. */
  cleared(process: string, step: StepRequest): void {
    if (this.observer.isUnderWay(step))
      this.broke(new Error(`W3: ${process} cleared step ${step.id} away while it ran`));
  }

  said({ id, run, node }: StepRequest, lines: readonly string[]): void {
    const key = `${run.name}/${node.id}/${node.attempt}`;
    const known = this.#said.get(key)?.lines ?? [];
    known.push(...lines);
    this.#said.set(key, { stepId: id, lines: known });
  }

  /** All is over: what is stored is what happened. */
  async ended(stores: Stores, namespace: string): Promise<void> {
    for (const { metadata } of this.#workflows) {
      const name = metadata.name ?? "";
      const seen = this.observer.runs.get(name);
      if (seen === undefined) throw new Error(`${name} was never seen`);
      seen.laws.ended(seen.run);
      seen.laws.sameFactsSameState(seen.run, seen.facts);
      const row = await stores.archive.get({ namespace, name });
      if (row === undefined || !("phase" in row) || row.phase !== seen.run.phase)
        throw new Error(
          `${name} ended as ${seen.run.phase} and is archived as ${JSON.stringify(row).slice(0, 80)}`,
        );
      this.#note(`${name} ${seen.run.phase} ${seen.facts.length}`);
      await this.#linesStored(stores, { namespace, name });
    }
    this.check();
  }

  /** W4. */
  async #linesStored({ logs }: Stores, run: { readonly namespace: string; readonly name: string }) {
    const stored = new Map<string, string[]>();
    for await (const { nodeId, attempt, text } of logs.read(run, {})) {
      const key = `${run.name}/${nodeId}/${attempt}`;
      stored.set(key, [...(stored.get(key) ?? []), text]);
    }
    for (const [key, { stepId, lines }] of this.#said) {
      if (!key.startsWith(`${run.name}/`)) continue;
      const there = stored.get(key) ?? [];
      // What a step that was cut off writes then may be lost.
      const wanted = this.observer.hasEnd(stepId) ? lines : lines.slice(0, there.length);
      if (there.join("\n") !== wanted.join("\n"))
        throw new Error(
          `W4: ${key} wrote ${lines.length} lines, ${there.length} are stored: ${there.join(",")}`,
        );
    }
  }

  #specOf(run: string): Workflow["spec"] {
    const found = this.#workflows.find(({ metadata }) => metadata.name === run);
    if (found === undefined) throw new Error(`nobody submitted ${run}`);
    return found.spec;
  }

  #templateOf({ run, node }: StepRequest) {
    return this.#specOf(run.name).templates?.find(({ name }) => name === node.template);
  }
}
