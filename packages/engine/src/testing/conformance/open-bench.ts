import { afterEach, beforeEach, test } from "vitest";
import type { Executor } from "../../executor/contract.ts";
import type { StepEnd } from "../../executor/events.ts";
import type { StepRequest } from "../../executor/request.ts";
import { defaultImage, EventReader, type ExecutorBench, shStep } from "./bench.ts";

/** How long one test of the suite may take, ms. */
const timeoutMs = 60_000;

/** The open executor of the running test and the reader of its events. */
export interface OpenBench {
  executor(): Executor;
  reader(): EventReader;
  image(): string;
  /** A step that runs `source` with `sh` in that image. */
  step(source: string, over?: Partial<StepRequest>): StepRequest;
  /** Closes this instance and opens the next over the same state. */
  reopen(): Promise<void>;
}

/** Opens the executor before each test of the suite that calls this, and closes it after. */
export function useBench(make: () => Promise<ExecutorBench>): OpenBench {
  let bench: ExecutorBench;
  let executor: Executor;
  let reader: EventReader;
  const image = () => bench.image ?? defaultImage;
  const open = async () => {
    executor = await bench.open();
    reader = new EventReader(executor);
  };
  const close = async () => {
    await reader[Symbol.asyncDispose]();
    await executor[Symbol.asyncDispose]();
  };
  beforeEach(async () => {
    bench = await make();
    await open();
    await executor.adopt([]);
  }, timeoutMs);
  afterEach(async () => {
    await close();
    await bench[Symbol.asyncDispose]();
  }, timeoutMs);
  return {
    executor: () => executor,
    reader: () => reader,
    image,
    step: (source, over = {}) => shStep(source, { image: image(), ...over }),
    reopen: async () => {
      await close();
      await open();
    },
  };
}

/** Starts the step and waits for its end. */
export async function run(bench: OpenBench, step: StepRequest): Promise<StepEnd> {
  await bench.executor().start(step);
  return bench.reader().ended(step.id);
}

/** A test of the suite. */
export const it = (title: string, body: () => Promise<void>): void => test(title, body, timeoutMs);
