// One workflow with a loop of 100, 1,000 and 10,000 items through the whole engine on a real nats-server that syncs each
// append; the steps end at once. Time, memory and journal for each, so that growth can be seen.
import { silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { openStores } from "@sluice/bus";
import { startTestServer } from "@sluice/bus/testing";
import { aWorkflow, ManualExecutor, shTemplate } from "@sluice/engine/testing";
import { startEngine } from "../one-engine.ts";
import { goal, machine } from "./report.ts";

const by = { kind: "api", user: "bench" } as const;
const megabyte = 1024 * 1024;

await using server = await startTestServer({ sync: "always" });
await using transport = await server.connect();
const stores = openStores(transport, { clock: systemClock, log: silentLogger });
const stop = new AbortController();
const executor = new ManualExecutor({ now: systemClock.now, script: () => ({}) });
const { engine, registry, directory } = startEngine(stores, executor, { signal: stop.signal });

async function run(items: number): Promise<number> {
  const name = `loop-${items}`;
  const ended = Promise.withResolvers<void>();
  let peak = 0;
  const stopListening = registry.onChange(({ key }) => {
    peak = Math.max(peak, process.memoryUsage.rss());
    if (key.name === name && registry.get(key)?.run.stage === "done") ended.resolve();
  });
  const before = await transport.info("RUNS");
  const at = performance.now();
  const workflow = aWorkflow(
    {
      templates: [
        { name: "main", steps: [[{ name: "each", template: "sh", withSequence: { count: items } }]] },
        shTemplate("sh"),
      ],
    },
    name,
  );
  await directory.submit(workflow, { namespace: "default", by });
  await ended.promise;
  const ms = performance.now() - at;
  stopListening();
  const after = await transport.info("RUNS");
  const bytes = after.bytes - before.bytes;
  console.log(
    [
      String(items).padStart(7),
      ms.toFixed(0).padStart(9),
      ((ms * 1_000) / items).toFixed(0).padStart(9),
      (peak / megabyte).toFixed(0).padStart(9),
      (bytes / items).toFixed(0).padStart(9),
      String(after.messages - before.messages).padStart(9),
    ].join(""),
  );
  return ms / items;
}

console.log(machine());
console.log("a loop through the whole engine, steps that end at once (64 at a time), each append synced");
console.log(
  ["items", "ms", "µs/step", "RSS MB", "B/step", "records"]
    .map((h, i) => h.padStart(i === 0 ? 7 : 9))
    .join(""),
);
await run(99); // warm
const few = await run(1_000);
const many = await run(10_000);
goal(`10,000 items cost ${(many / few).toFixed(2)}× as much a step as 1,000 (≤ 2)`, many <= 2 * few);
stop.abort();
await engine;
