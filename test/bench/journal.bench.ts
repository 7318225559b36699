// What the engine itself costs, without an executor: steps that end at once, on a real nats-server that syncs each append.
// Then what a run takes in RUNS, and what it costs to list the runs of the archive.
import { silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { type Journal, openStores } from "@sluice/bus";
import { startTestServer } from "@sluice/bus/testing";
import type { Fact } from "@sluice/engine";
import { aWorkflow, ManualExecutor, shTemplate } from "@sluice/engine/testing";
import { startEngine } from "../one-engine.ts";
import { distribution, goal, machine, report } from "./report.ts";

const by = { kind: "api", user: "bench" } as const;
const stepsInRow = 40;
const repeats = 10;
const listed = 1_000;

await using server = await startTestServer({ sync: "always" });
await using transport = await server.connect();
const stores = openStores(transport, { clock: systemClock, log: silentLogger });
const stop = new AbortController();

const appendMs: number[] = [];
const startedAt: number[] = [];
let recording = false;
const plain = stores.journal<Fact>();
const journal: Journal<Fact> = {
  ...plain,
  async append(key, facts, seq) {
    const at = performance.now();
    const result = await plain.append(key, facts, seq);
    if (recording) appendMs.push(performance.now() - at);
    return result;
  },
};
const executor = new ManualExecutor({
  now: systemClock.now,
  script: () => {
    if (recording) startedAt.push(performance.now());
    return {};
  },
});
const { archive } = stores;
const { engine, registry, directory } = startEngine(stores, executor, { signal: stop.signal, journal });

const chain = (name: string, count: number) =>
  aWorkflow(
    {
      templates: [
        {
          name: "main",
          steps: Array.from({ length: count }, (_, i) => [{ name: `step-${i}`, template: "sh" }]),
        },
        shTemplate("sh"),
      ],
    },
    name,
  );

/** Runs it to its end; the journal still holds it for some seconds. Nobody watches it: a projection is not the engine's cost. */
async function run(name: string, count: number): Promise<void> {
  const ended = Promise.withResolvers<void>();
  const stopListening = registry.onChange(({ key }) => {
    if (key.name === name && registry.get(key)?.run.stage === "done") ended.resolve();
  });
  await directory.submit(chain(name, count), { namespace: "default", by });
  await ended.promise;
  stopListening();
}

console.log(machine());
await run("warm-up", stepsInRow);
await run("old", 10);

const floor: number[] = [];
for (let i = 0; i < 200; i++) {
  const at = performance.now();
  await plain.append({ namespace: "bench", name: `floor-${i}` }, [{ type: "timer", at: 0 }], 0);
  floor.push(performance.now() - at);
  await plain.purge({ namespace: "bench", name: `floor-${i}` });
}

const perStep: number[] = [];
const rest: number[] = [];
recording = true;
for (let i = 0; i < repeats; i++) {
  startedAt.length = 0;
  const before = appendMs.length;
  await run(`chain-${i}`, stepsInRow);
  const gaps = startedAt.slice(1).map((at, n) => at - (startedAt[n] ?? at));
  perStep.push(...gaps);
  // Between two starts lies one append: that of the step's end.
  const appends = appendMs.slice(before + 1, before + 1 + gaps.length);
  rest.push(...gaps.map((gap, n) => gap - (appends[n] ?? 0)));
}
recording = false;
const rows = [
  distribution("bare append, synced", floor),
  distribution("step to step, whole", perStep),
  distribution("  of it the append of its end", appendMs),
  distribution("  of it all else (fold, decide, start, read)", rest),
];
report(`the engine's own cost, ${stepsInRow} steps in a row`, rows);
goal(`p50 ≤ 2 ms a step: ${rows[1]?.p50.toFixed(2)} ms`, (rows[1]?.p50 ?? Number.NaN) <= 2);

const key = { namespace: "default", name: "ten-steps" };
const before = await transport.info("RUNS");
await run(key.name, 10);
const after = await transport.info("RUNS");
const bytes = after.bytes - before.bytes;
console.log(
  `\na run of ten steps in RUNS: ${bytes} B in ${after.messages - before.messages} records (its manifest: ${JSON.stringify(chain("x", 10)).length} B)`,
);
goal(`≤ 10 kB: ${(bytes / 1_000).toFixed(1)} kB`, bytes <= 10_000);

const stored = new AbortController();
for await (const change of archive.watch(stored.signal))
  if (change.type === "row" && change.row.key.name === "old") break;
stored.abort();
const row = await archive.get({ namespace: "default", name: "old" });
if (row === undefined || !("object" in row)) throw new Error("the run to copy is not archived yet");
const rowBytes = JSON.stringify(row).length;
goal(`archived ten-step run ≤ 2,000 B: ${rowBytes}`, rowBytes <= 2_000);
for (let i = 0; i < listed; i += 50)
  await Promise.all(
    Array.from({ length: 50 }, (_, n) => {
      const name = `old-${i + n}`;
      return archive.put({
        ...row,
        key: { namespace: "many", name },
        uid: name,
        submittedAt: row.submittedAt + i + n,
      });
    }),
  );
const listMs: number[] = [];
for (let i = 0; i < 10; i++) {
  const at = performance.now();
  const { items } = await directory.list("many", { limit: listed });
  listMs.push(performance.now() - at);
  if (items.length !== listed) throw new Error(`${items.length} runs were listed`);
}
const list = distribution(`list of ${listed} finished runs of 10 steps`, listMs);
report("the directory", [list]);
goal(`p50 < 200 ms: ${list.p50.toFixed(0)} ms`, list.p50 < 200);

stop.abort();
await engine;
