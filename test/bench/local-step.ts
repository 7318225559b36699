// What a step costs on this machine over a bare spawn, and how that cost is spread.
// Run: node --conditions=@sluice/source test/bench/local-step.ts [isolation] [steps]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { EventReader, shStep } from "@sluice/engine/testing";
import { type IsolationChoice, makeLocalExecutor } from "@sluice/executor";

const isolation = (process.argv[2] ?? "namespaces") as IsolationChoice;
const count = Number(process.argv[3] ?? 100);

async function measure(run: () => Promise<void>): Promise<readonly number[]> {
  for (let i = 0; i < 5; i++) await run();
  const took: number[] = [];
  for (let i = 0; i < count; i++) {
    const begun = performance.now();
    await run();
    took.push(performance.now() - begun);
  }
  return took.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

const show = (name: string, sorted: readonly number[]): void =>
  console.log(
    `${name.padEnd(32)} p50 ${at(sorted, 0.5).toFixed(1)} ms   p90 ${at(sorted, 0.9).toFixed(1)} ms   p99 ${at(sorted, 0.99).toFixed(1)} ms`,
  );

const floor = await measure(
  () => new Promise((resolve) => spawn("/bin/true", { stdio: "ignore" }).once("exit", () => resolve())),
);
const stateDir = await mkdtemp(join(tmpdir(), "sluice-bench-"));
const references = { secret: async () => undefined, configMap: async () => undefined };
const parts = { clock: systemClock, random: systemRandom, log: silentLogger, references };
const executor = await makeLocalExecutor({ stateDir, isolation, ...parts });
await executor.adopt([]);
const reader = new EventReader(executor);

async function oneStep(): Promise<void> {
  const step = shStep("", {
    work: { kind: "container", container: { image: "any", command: ["/bin/true"] } },
  });
  await executor.start(step);
  const end = await reader.ended(step.id);
  if (end.type !== "finished" || end.exitCode !== 0) throw new Error(JSON.stringify(end));
  void executor.forget(step.id);
}

const steps = await measure(oneStep);
const batchBegun = performance.now();
await Promise.all(
  Array.from({ length: 10 }, async () => {
    for (let i = 0; i < 40; i++) await oneStep();
  }),
);
const perStepMs = (performance.now() - batchBegun) / 400;
show("bare spawn of /bin/true", floor);
show(`a step (${(await executor.describe()).isolation})`, steps);
console.log(
  `over the floor: p50 ${(at(steps, 0.5) - at(floor, 0.5)).toFixed(1)} ms, ${(at(steps, 0.5) / at(floor, 0.5)).toFixed(1)} times`,
);
console.log(`400 steps, 10 at a time: ${perStepMs.toFixed(1)} ms a step`);
await reader[Symbol.asyncDispose]();
await executor[Symbol.asyncDispose]();
await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
