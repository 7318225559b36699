// What the bus adds to a bare publish: one append after another, and many in flight, in both profiles of durability.
// Floor: the `nats` client's own JetStream publish of the same bytes to a stream of the same settings, in the same run.
import { createRequire } from "node:module";
import { silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { openStores } from "@sluice/bus";
import { startTestServer, type TestServer } from "@sluice/bus/testing";
import { type Distribution, distribution, goal, machine, report } from "./report.ts";

/** The client is the bus package's own dependency, and of no other's. */
interface BareClient {
  connect(options: object): Promise<{
    jetstream(): { publish(subject: string, data: Uint8Array, options?: object): Promise<unknown> };
    jetstreamManager(): Promise<{ streams: { add(config: object): Promise<unknown> } }>;
    close(): Promise<void>;
  }>;
}
const require = createRequire(new URL("../../packages/bus/package.json", import.meta.url));
const { connect } = require("nats") as BareClient;

const sequential = 1_500;
const concurrent = 6_000;
const inFlight = 128;
const payload = { text: "x".repeat(900) };
const bytes = Buffer.from(JSON.stringify(payload));

async function oneByOne(name: string, publish: (index: number) => Promise<unknown>): Promise<Distribution> {
  for (let i = 0; i < 200; i++) await publish(-1 - i);
  const taken: number[] = [];
  for (let i = 0; i < sequential; i++) {
    const startedAt = performance.now();
    await publish(i);
    taken.push(performance.now() - startedAt);
  }
  return distribution(name, taken);
}

/** Appends a second with `inFlight` under way, and the processor time of this process for one, µs. */
async function manyAtOnce(publish: (index: number) => Promise<unknown>) {
  let next = 10_000;
  const worker = async () => {
    while (next < 10_000 + concurrent) await publish(next++);
  };
  const cpu = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const perSecond = concurrent / ((performance.now() - startedAt) / 1_000);
  const used = process.cpuUsage(cpu);
  return { perSecond, cpuUs: (used.user + used.system) / concurrent };
}

async function measure(server: TestServer, profile: string): Promise<void> {
  const bare = await connect({ servers: server.url, ...server.auth });
  const manager = await bare.jetstreamManager();
  await manager.streams.add({ name: "BARE", subjects: ["bare.>"], discard: "new", compression: "s2" });
  const js = bare.jetstream();
  await using bus = await server.connect();
  const stores = openStores(bus, { clock: systemClock, log: silentLogger });
  const journal = stores.journal<object>();
  const event = (index: number) => ({
    v: 1 as const,
    origin: { namespace: "default", source: "hooks", event: "push" },
    receivedAt: 1,
    event: { specversion: "1.0" as const, id: `${profile}-${index}`, source: "x", type: "y", data: payload },
  });
  const ways = {
    "bare client publish (floor)": (i: number) => js.publish("bare.a.b", bytes, { msgID: `bare-${i}` }),
    "transport publish": (i: number) => bus.publish("sluice.ev.a.b.c", bytes, { msgId: `t-${i}` }),
    "event stored": (i: number) => stores.events.publish(event(i)),
    "journal's first record": (i: number) =>
      journal.append({ namespace: "default", name: `${profile}-${i}` }, [payload], 0),
  };
  const rows: Distribution[] = [];
  for (const [name, publish] of Object.entries(ways)) rows.push(await oneByOne(name, publish));
  report(`${profile}: one append after another, 0.9 kB`, rows);
  const [floor, transport] = rows;
  const ratio = (transport?.p50 ?? 0) / (floor?.p50 ?? 1);
  goal(`${profile}: transport p50 ${ratio.toFixed(2)} × the floor (goal ≤ 1.25 ×)`, ratio <= 1.25);
  console.log(`\n${profile}: ${inFlight} in flight`);
  for (const [name, publish] of Object.entries(ways)) {
    const { perSecond, cpuUs } = await manyAtOnce(publish);
    console.log(
      `${name.padEnd(44)}${Math.round(perSecond).toString().padStart(9)}/s ${cpuUs.toFixed(0).padStart(6)} µs of our processor each`,
    );
  }
  await bare.close();
}

console.log(machine());
for (const [profile, sync] of [
  ["safe", "always"],
  ["fast", "2m"],
] as const) {
  await using server = await startTestServer({ sync });
  await measure(server, profile);
}
