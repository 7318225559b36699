import { describe } from "vitest";
import type { ExecutorBench } from "./bench.ts";
import { daemons } from "./daemons.ts";
import { acrossInstances } from "./instances.ts";
import { useBench } from "./open-bench.ts";
import { ownEnds } from "./own-end.ts";
import { watchedByProbes } from "./probes.ts";
import { saysItsProgress } from "./progress.ts";
import { endsAsTold } from "./told-to-end.ts";

/**
 * What every executor keeps (X1–X4, X6 and X7 of the contract). Called from the executor's own test:
 * `executorConformance("local", async () => ({ open: () => …, [Symbol.asyncDispose]: … }))`.
 */
export function executorConformance(name: string, make: () => Promise<ExecutorBench>): void {
  describe(`${name} keeps the executor contract`, () => {
    const bench = useBench(make);
    describe("a step that ends by itself", () => ownEnds(bench));
    describe("a step that is told to end", () => endsAsTold(bench));
    describe("a step across instances", () => acrossInstances(bench));
    describe("a step that says how far it is (X7)", () => saysItsProgress(bench));
    describe("a step with probes", () => watchedByProbes(bench));
    describe("a daemon (X6)", () => daemons(bench));
  });
}
