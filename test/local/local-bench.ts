import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import type { Executor } from "@sluice/engine";
import type { ExecutorBench } from "@sluice/engine/testing";
import {
  type IsolationChoice,
  type LocalCandidate,
  type LocalExecutorOptions,
  makeLocalExecutor,
  probeLocal,
} from "@sluice/executor";

export const noReferences = { secret: async () => undefined, configMap: async () => undefined };

export interface LocalBench extends ExecutorBench {
  readonly stateDir: string;
  open(options?: Partial<LocalExecutorOptions>): Promise<Executor>;
}

/** A state folder of its own, and executors of one kind over it. What still runs at the end is stopped. */
export async function makeLocalBench(isolation: IsolationChoice, image?: string): Promise<LocalBench> {
  const stateDir = await mkdtemp(join(tmpdir(), "sluice-local-"));
  const open = (options: Partial<LocalExecutorOptions> = {}) =>
    makeLocalExecutor({
      stateDir,
      isolation,
      references: noReferences,
      clock: systemClock,
      random: systemRandom,
      log: silentLogger,
      ...options,
    });
  return {
    stateDir,
    open,
    ...(image === undefined ? {} : { image }),
    async [Symbol.asyncDispose]() {
      await using executor = await open();
      await executor.adopt([]);
      await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** What works on this machine, tried once for all tests of a file. */
export async function candidatesHere(): Promise<readonly LocalCandidate[]> {
  const stateDir = await mkdtemp(join(tmpdir(), "sluice-probe-"));
  const candidates = await probeLocal({ stateDir, clock: systemClock });
  await rm(stateDir, { recursive: true, force: true });
  return candidates;
}

export const candidateFor = (candidates: readonly LocalCandidate[], isolation: string): LocalCandidate =>
  candidates.find((c) => c.isolation === isolation) ?? {
    isolation: "process",
    ok: false,
    reason: "it was not tried",
    tookMs: 0,
  };
