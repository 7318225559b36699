// The first hop whole: real HTTP, the real runner and webhook kind, streams in memory.
import { noFailpoints, Scope, SeededRandom, silentLogger } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { freePort, makeMemoryTransport, openStores } from "@sluice/bus";
import { runSources, SourcesBoard } from "@sluice/sources";
import { describe, expect, test } from "vitest";
import { makeIngress } from "./ingress.ts";

async function aHop() {
  const scope = new Scope();
  const clock = systemClock;
  const log = silentLogger;
  const transport = scope.use(makeMemoryTransport({ clock }));
  const stores = openStores(transport, { clock, log });
  const ingress = scope.use(makeIngress({ clock, log, graceMs: 500 }));
  const board = new SourcesBoard();
  const { resources, events, trail } = stores;
  const references = { secret: async () => undefined, configMap: async () => undefined };
  const random = new SeededRandom(1);
  scope.spawn("sources", (signal) =>
    runSources(
      { resources, events, trail, ingress, references, board, clock, random, log, failpoints: noFailpoints },
      signal,
    ),
  );
  const port = await freePort();
  const apply = (name: string, webhook: Record<string, object>) =>
    resources.apply("EventSource", "default", name, {
      apiVersion: "argoproj.io/v1alpha1",
      kind: "EventSource",
      metadata: { name },
      spec: {
        webhook: Object.fromEntries(Object.entries(webhook).map(([event, c]) => [event, { port, ...c }])),
      },
    });
  const state = (name: string, event: string) =>
    board.get("default", name)?.events.find((e) => e.event === event)?.state;
  return {
    apply,
    state,
    stores,
    transport,
    until: (name: string, event: string, kind: string) =>
      board.until(() => state(name, event)?.kind === kind, scope.signal),
    post: (path: string, id: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: "POST",
        body: '{"n":1}',
        headers: { "content-type": "application/json", "x-github-delivery": id },
      }),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

describe("a webhook over HTTP", () => {
  test("answers success once the event is stored, and a repeat of the delivery is stored once", async () => {
    await using hop = await aHop();
    await hop.apply("hooks", { a: { endpoint: "/a" } });
    await hop.until("hooks", "a", "live");

    const answers = [await hop.post("/a", "d-1"), await hop.post("/a", "d-1")];

    expect(await Promise.all(answers.map((a) => a.text()))).toEqual(["success", "success"]);
    const stored = await hop.stores.events.list({ namespace: "default", limit: 10 });
    expect(stored.map((s) => s.value.event.id)).toEqual(["d-1"]);
    expect(stored[0]?.value.event.data).toMatchObject({
      header: { "X-Github-Delivery": ["d-1"] },
      body: { n: 1 },
    });
  });

  test("says no while the bus is away, and yes to the repeat when it is back", async () => {
    await using hop = await aHop();
    await hop.apply("hooks", { a: { endpoint: "/a" } });
    await hop.until("hooks", "a", "live");
    hop.transport.setReachable(false);
    const away = await hop.post("/a", "d-1");
    hop.transport.setReachable(true);
    const back = await hop.post("/a", "d-1");
    expect([away.status, away.headers.get("retry-after"), back.status]).toEqual([503, "5", 200]);
  });

  test("refuses no request while its method, filter and path are changed under load", async () => {
    await using hop = await aHop();
    await hop.apply("hooks", { a: { endpoint: "/a" } });
    await hop.until("hooks", "a", "live");
    let changing = true;
    const statuses = new Set<number>();
    const load = (async () => {
      for (let i = 0; changing || i < 20; i++) statuses.add((await hop.post("/a", `load-${i}`)).status);
    })();
    for (let i = 0; i < 10; i++)
      await hop.apply("hooks", { a: { endpoint: "/a", metadata: { version: String(i) } } });
    await hop.post("/a", "between");
    changing = false;
    await load;
    expect(statuses).toEqual(new Set([200]));
  });

  test("of a second source on the same path is refused by name, and takes over when the first goes", async () => {
    await using hop = await aHop();
    await hop.apply("one", { a: { endpoint: "/a", method: "POST" } });
    await hop.until("one", "a", "live");
    await hop.apply("two", { b: { endpoint: "/a" } });
    await hop.until("two", "b", "degraded");
    expect(hop.state("two", "b")).toMatchObject({
      code: "INGRESS_ROUTE_TAKEN",
      message: expect.stringContaining("'default/one/a'"),
    });

    await hop.stores.resources.delete("EventSource", "default", "one");

    await hop.until("two", "b", "live");
    expect((await hop.post("/a", "d-1")).status).toBe(200);
  });
});
