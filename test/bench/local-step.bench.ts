// What a step costs on this machine over a bare spawn, by the executor alone: without engine and journal.
// The kinds take turns, so that whatever else the machine does falls on all alike.
//   node --conditions=@sluice/source test/bench/local-step.bench.ts [ROUNDS]
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { EventReader, shStep } from "@sluice/engine/testing";
import { makeLocalExecutor } from "@sluice/executor";
import { distribution, machine, report } from "./report.ts";

const rounds = Number(process.argv[2] ?? 100);
const references = { secret: async () => undefined, configMap: async () => undefined };
const parts = { clock: systemClock, random: systemRandom, log: silentLogger, references };

async function openExecutor(isolation: "process" | "namespaces") {
  const stateDir = await mkdtemp(join(tmpdir(), "sluice-bench-"));
  const executor = await makeLocalExecutor({ stateDir, isolation, ...parts });
  await executor.adopt([]);
  const reader = new EventReader(executor);
  const step = async () => {
    const request = shStep("", {
      work: { kind: "container", container: { image: "any", command: ["/bin/true"] } },
    });
    await executor.start(request);
    const end = await reader.ended(request.id);
    if (end.type !== "finished" || end.exitCode !== 0)
      throw new Error(`a step ended as ${JSON.stringify(end)}`);
    void executor.forget(request.id);
  };
  const close = async () => {
    await reader[Symbol.asyncDispose]();
    await executor[Symbol.asyncDispose]();
    await rm(stateDir, { recursive: true, force: true, maxRetries: 5 });
  };
  return { name: `a step, ${(await executor.describe()).isolation}`, step, close };
}

const bareSpawn = () =>
  new Promise<void>((resolve) => spawn("/bin/true", { stdio: "ignore" }).once("exit", () => resolve()));

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

console.log(machine());
const executors = [await openExecutor("process"), await openExecutor("namespaces")];
const kinds = [{ name: "bare spawn of /bin/true (floor)", step: bareSpawn }, ...executors];
const times = new Map<string, number[]>(kinds.map(({ name }) => [name, []]));
for (let round = -5; round < rounds; round++)
  for (const { name, step } of kinds) {
    const took = await timed(step);
    if (round >= 0) times.get(name)?.push(took);
  }
report(
  "a step by the executor alone",
  [...times].map(([name, values]) => distribution(name, values)),
);
const slot = async (step: () => Promise<void>) => {
  for (let i = 0; i < 20; i++) await step();
};
for (const { name, step } of kinds) {
  const took = await timed(async () => {
    await Promise.all(Array.from({ length: 10 }, () => slot(step)));
  });
  console.log(`200 at 10 at a time: ${(took / 200).toFixed(1)} ms each (${name})`);
}
for (const { close } of executors) await close();
