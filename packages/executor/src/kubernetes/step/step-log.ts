import type { StepLine, StepRequest } from "@sluice/engine";
import type { KubeObject, ObjectRef } from "@sluice/kube";
import { LogReader } from "../logs/reader.ts";
import { SideLogs } from "../logs/side-logs.ts";
import { annotation, mainContainer } from "../names.ts";
import { sideNames } from "../pod.ts";
import type { StepDeps } from "./deps.ts";

/** What a step's containers write, on its way to the event queue: read from the first look at its pod that asks for it. */
export class StepLog {
  readonly #request: StepRequest;
  readonly #pod: ObjectRef & { readonly namespace: string };
  readonly #deps: StepDeps;
  readonly #signal: AbortSignal;
  #main: LogReader | undefined;
  #sides: SideLogs | undefined;

  constructor(
    request: StepRequest,
    pod: ObjectRef & { readonly namespace: string },
    { deps, signal }: { readonly deps: StepDeps; readonly signal: AbortSignal },
  ) {
    this.#request = request;
    this.#pod = pod;
    this.#deps = deps;
    this.#signal = signal;
  }

  /** The reader of the main container's log. */
  read({ metadata }: KubeObject): LogReader {
    const { client, clock, random, queue } = this.#deps;
    const stepId = this.#request.id;
    const signal = this.#signal;
    const common = {
      ...{ client, clock, random, namespace: this.#pod.namespace, pod: this.#pod.name },
      emit: (lines: readonly StepLine[]) => queue.putWhenRoom({ type: "output", stepId, lines }, signal),
    };
    this.#sides ??= new SideLogs(sideNames(this.#request), common, signal);
    const mark = metadata.annotations?.[annotation.mark] ?? "";
    const progressed = (progress: string, at: number) =>
      queue.put({ type: "progress", stepId, at, progress });
    this.#main ??= new LogReader({ ...common, progressed, container: mainContainer, mark }, signal);
    return this.#main;
  }

  /** Resolves when the other containers have said all they had to say. */
  async sidesEnded(): Promise<void> {
    await this.#sides?.end();
  }
}
