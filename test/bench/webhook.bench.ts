// What a webhook costs: until it is answered, and until the workflow exists. Open loop: a slow answer delays no other.
// Floor: a bare HTTP server that publishes the same body to the same kind of nats-server and answers after its ack.

import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { silentLogger } from "@sluice/base";
import { systemClock, systemRandom } from "@sluice/base/system";
import { connectJetStream } from "@sluice/bus";
import { startTestServer } from "@sluice/bus/testing";
import { submittingSensor, webhookSource } from "../e2e/fixtures.ts";
import { SluiceProcess } from "../e2e/sluice-process.ts";
import { freePort } from "../free-port.ts";
import { distribution, goal, machine, openLoop, report } from "./report.ts";

const body = JSON.stringify({ text: "x".repeat(900) });
const count = 2_000;

async function post(url: string, id: string): Promise<void> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", "idempotency-key": id },
    body,
  });
  await answer.arrayBuffer();
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`);
}

async function measure(name: string, rate: number, url: string): Promise<ReturnType<typeof distribution>> {
  const taken: number[] = [];
  await openLoop(rate, count, async (i) => {
    const startedAt = performance.now();
    await post(url, `${name}-${rate}-${i}`);
    taken.push(performance.now() - startedAt);
  });
  return distribution(`${name}, ${rate}/s`, taken);
}

console.log(machine());

// The floor's server has the settings of the embedded one: an acknowledgement means on disk.
await using bare = await startTestServer({ sync: "always" });
await using transport = await connectJetStream({
  servers: [bare.url],
  auth: bare.auth,
  prefix: "bench",
  replicas: 1,
  clock: systemClock,
  random: systemRandom,
  log: silentLogger,
});
const floor = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on("data", (chunk: Buffer) => chunks.push(chunk));
  request.on("end", async () => {
    const parsed: unknown = JSON.parse(Buffer.concat(chunks).toString("utf8"));
    const id = String(request.headers["idempotency-key"]);
    await transport.publish("bench.ev.default.bare.push", JSON.stringify(parsed), { msgId: id });
    response.end("success");
  });
});
const floorPort = await freePort();
await new Promise<void>((resolve) => floor.listen(floorPort, "127.0.0.1", resolve));

const port = await freePort();
await using sluice = await SluiceProcess.prepare();
const file = join(sluice.folder, "source.yaml");
await writeFile(file, webhookSource(port));
await sluice.up({ files: [file], bundle: true });

for (const rate of [200, 500]) {
  await measure("warm-up", rate, `http://127.0.0.1:${port}/push`);
  const rows = [
    await measure("bare HTTP + publish (floor)", rate, `http://127.0.0.1:${floorPort}/push`),
    await measure("webhook answered", rate, `http://127.0.0.1:${port}/push`),
  ];
  report(`accept, ${rate} requests a second`, rows);
  const ratio = (rows[1]?.p50 ?? 0) / (rows[0]?.p50 ?? 1);
  goal(`p50 ${ratio.toFixed(2)} × the floor (goal ≤ 1.5 ×)`, ratio <= 1.5);
}
floor.closeAllConnections();
floor.close();

// Until the workflow exists: from the server's own times, event received → run submitted.
const suspended = `
entrypoint: wait
templates:
  - name: wait
    suspend: {}
`;
await writeFile(file, `${webhookSource(port)}\n---\n${submittingSensor({ spec: suspended })}`);
await sluice.run("apply", "-f", file);
await openLoop(200, 1_000, (i) => post(`http://127.0.0.1:${port}/push`, `run-${i}`));
interface Shown {
  readonly receivedAt: string;
  readonly trail: readonly { readonly type: string; readonly outcome?: string; readonly at: number }[];
}
const lags: number[] = [];
for (let i = 0; i < 1_000; i++) {
  const shown = await sluice.json<Shown>("GET", `/api/v1/sluice/events/default/run-${i}`);
  const done = shown.trail.find((record) => record.type === "trigger" && record.outcome === "done");
  if (done !== undefined) lags.push(done.at - Date.parse(shown.receivedAt));
}
const lag = distribution("event received → workflow created, 200/s", lags);
report("webhook → workflow", [lag]);
goal(`p50 ${lag.p50.toFixed(1)} ms (goal ≤ 5 ms)`, lag.p50 <= 5);
