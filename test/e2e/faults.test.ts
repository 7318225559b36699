// Faults of the outside world beside healthy parts: each is contained, and what was acknowledged is acted on once.
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, expect, test } from "vitest";
import { freePort } from "../free-port.ts";
import { manifestFile, webhookSource } from "./fixtures.ts";
import { SluiceProcess } from "./sluice-process.ts";

interface Call {
  readonly path: string;
  readonly key: string;
  readonly body: string;
}

/** The system that triggers act on: answers by path, remembers every call. */
class Target implements AsyncDisposable {
  readonly calls: Call[] = [];
  readonly #server: Server;
  #waiters: (() => void)[] = [];

  constructor(
    answer: (path: string, earlier: number) => { readonly status: number; readonly held?: Promise<void> },
  ) {
    this.#server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (part: string) => {
        body += part;
      });
      request.on("end", async () => {
        const path = request.url ?? "";
        const { status, held } = answer(path, this.at(path).length);
        this.calls.push({ path, key: String(request.headers["idempotency-key"]), body });
        for (const wake of this.#waiters.splice(0)) wake();
        await held;
        response.writeHead(status).end();
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  at(path: string): readonly Call[] {
    return this.calls.filter((call) => call.path === path);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

const sensor = (name: string, url: string, rest = "", dependencies = ["push"], payload = "") => `
apiVersion: argoproj.io/v1alpha1
kind: Sensor
metadata: { name: ${name} }
spec:
  dependencies:
${dependencies.map((d) => `    - { name: ${d}, eventSourceName: hooks, eventName: ${d} }`).join("\n")}
  triggers:
    - template: { name: act, http: { url: "${url}/${name}", method: POST${payload === "" ? "" : `, payload: [{ src: { dependencyName: push, ${payload} }, dest: n }]`} } }
${rest}
`;

let port: number;
let sluice: SluiceProcess;

beforeEach(async () => {
  port = await freePort();
  sluice = await SluiceProcess.prepare();
});
afterEach(() => sluice[Symbol.asyncDispose]());

async function send(event: string, id: string, body: object = {}): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}/${event}`, {
    method: "POST",
    headers: { "content-type": "application/json", "x-github-delivery": id },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

const start = async (...manifests: readonly string[]) =>
  sluice.up({
    files: [await manifestFile(sluice, webhookSource(port, ["push", "other"]), ...manifests)],
  });

test("a sensor whose template fails on an event, and a target that hangs, hold up no other sensor", async () => {
  const hung = Promise.withResolvers<void>();
  await using target = new Target((path) =>
    path === "/slow" ? { status: 200, held: hung.promise } : { status: 200 },
  );
  const url = await target.listen();
  const number = "dataKey: body.n";
  await start(
    sensor("poison", url, "", ["push"], 'dataTemplate: "{{ index .Input.body.list 3 }}"'),
    sensor("slow", url, "", ["push"], number),
    sensor("fast", url, "", ["push"], number),
  );

  const count = 40;
  for (let i = 0; i < count; i++) await send("push", `e-${i}`, { n: i });
  await target.until(() => target.at("/fast").length === count);
  expect(target.at("/slow").length).toBeLessThan(count);
  hung.resolve();
  await target.until(() => target.at("/slow").length === count);

  for (const path of ["/fast", "/slow"])
    expect(new Set(target.at(path).map((call) => call.key)).size).toBe(count);
  expect(target.at("/poison")).toEqual([]);
  const { items } = await sluice.json<{ items: { code: string; request: { sensor: string } }[] }>(
    "GET",
    "/api/v1/sluice/dead/default?limit=100",
  );
  expect(items.filter((letter) => letter.request.sensor === "poison")).toHaveLength(count);
  expect(new Set(items.map((letter) => letter.code))).toEqual(new Set(["SENSOR_PARAMETER_UNRESOLVED"]));
});

test("a target that answers 500 for a while gets each event once it is well, under one key, without a storm", async () => {
  const failing = 3;
  const seen = new Map<string, number>();
  await using target = new Target(() => ({ status: target.calls.length < failing * 10 ? 500 : 200 }));
  const url = await target.listen();
  const retry = "      retryStrategy: { steps: 20, duration: 200ms, factor: 1.5, jitter: 0.2 }";
  await start(sensor("flaky", url, retry, ["push"], "dataKey: body.n"));

  for (let i = 0; i < 10; i++) await send("push", `e-${i}`, { n: i });
  await target.until(() => target.calls.length > failing * 10 && new Set(succeeded()).size === 10);

  for (const { key } of target.calls) seen.set(key, (seen.get(key) ?? 0) + 1);
  expect(seen.size).toBe(10);
  expect(succeeded()).toHaveLength(10);
  // Backoff: nobody asked much oftener than the fault lasted.
  expect(Math.max(...seen.values())).toBeLessThan(15);
  expect(await sluice.json("GET", "/api/v1/sluice/dead/default")).toEqual({ items: [] });

  function succeeded(): readonly string[] {
    return target.calls.slice(failing * 10).map((call) => call.key);
  }
});

test("a join fires once for one event delivered five times and its partner, also over a kill", async () => {
  await using target = new Target(() => ({ status: 200 }));
  const url = await target.listen();
  const joined = sensor("join", url, "", ["push", "other"]).replace(
    "name: act,",
    'name: act, conditions: "push && other",',
  );
  await start(joined);
  for (let i = 0; i < 5; i++) await send("push", "same");
  await sluice.kill();
  await sluice.up();
  await send("push", "same");

  await send("other", "partner");
  await target.until(() => target.calls.length > 0);
  // A second pair is the proof that nothing of the first was left over.
  await send("push", "second");
  await send("other", "second-partner");
  await target.until(() => target.calls.length > 1);

  expect(new Set(target.calls.map((call) => call.key)).size).toBe(2);
  expect(target.calls).toHaveLength(2);
});
