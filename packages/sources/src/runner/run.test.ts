import { AppError, noFailpoints, Scope, SeededRandom, silentLogger } from "@sluice/base";
import { RecordingLogger, VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores } from "@sluice/bus";
import { describe, expect, test } from "vitest";
import { type AnySource, defineSource } from "../define.ts";
import { sourceRegistry } from "../kinds/registry.gen.ts";
import { MemoryIngress, memoryReferences } from "../testing/index.ts";
import { type EventState, SourcesBoard } from "./board.ts";
import { runSources } from "./run.ts";

interface Options {
  readonly registry?: ReadonlyMap<string, AnySource>;
  readonly secrets?: Record<string, string>;
}

/** The runner over memory streams; `apply` stores an EventSource `hooks`. */
async function aRunner(options: Options = {}) {
  const scope = new Scope();
  const clock = new VirtualClock(1_000);
  const transport = scope.use(makeMemoryTransport({ clock }));
  const stores = openStores(transport, { clock, log: silentLogger });
  const ingress = new MemoryIngress();
  const board = new SourcesBoard();
  const log = new RecordingLogger();
  scope.spawn("sources", (signal) =>
    runSources(
      {
        resources: stores.resources,
        events: stores.events,
        trail: stores.trail,
        ingress,
        references: memoryReferences(options.secrets),
        board,
        clock,
        random: new SeededRandom(1),
        log,
        failpoints: noFailpoints,
        ...(options.registry === undefined ? {} : { registry: options.registry }),
      },
      signal,
    ),
  );
  const state = (event: string): EventState | undefined =>
    board.get("default", "hooks")?.events.find((e) => e.event === event)?.state;
  const until = (event: string, kind: EventState["kind"]) =>
    board.until(() => state(event)?.kind === kind, scope.signal);
  return {
    board,
    clock,
    ingress,
    log,
    stores,
    state,
    until,
    signal: scope.signal,
    apply: (spec: object) =>
      stores.resources.apply("EventSource", "default", "hooks", {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "EventSource",
        metadata: { name: "hooks" },
        spec,
      }),
    [Symbol.asyncDispose]: () => scope[Symbol.asyncDispose](),
  };
}

const hook = (endpoint: string, more: object = {}) => ({ port: "12000", endpoint, ...more });

describe("an applied EventSource", () => {
  test("goes live, and a request becomes a stored event", async () => {
    await using runner = await aRunner();
    await runner.apply({ webhook: { a: hook("/a") } });
    await runner.until("a", "live");

    const answer = await runner.ingress.request({
      path: "/a",
      headers: { "idempotency-key": "k1" },
      body: '{"x":1}',
    });

    expect(answer.status).toBe(200);
    const stored = await runner.stores.events.find("default", "k1");
    expect(stored?.value).toMatchObject({
      origin: { namespace: "default", source: "hooks", event: "a" },
      event: { id: "k1", source: "hooks", type: "webhook", subject: "a", data: { body: { x: 1 } } },
    });
    expect(runner.board.ready).toBe(true);
  });

  test("has its wrong, unknown and failing events shown, while the others run", async () => {
    await using runner = await aRunner();
    await runner.apply({
      webhook: {
        good: hook("/good"),
        wrong: hook("/wrong", { port: "99999", maxPayload: 1 }),
        noFilter: hook("/f", { filter: { expression: "body.x ==" } }),
        locked: hook("/locked", { authSecret: { name: "s", key: "k" } }),
      },
      kafka: { queue: { url: "x" } },
    });
    await runner.until("good", "live");
    await runner.until("locked", "degraded");

    expect(runner.state("wrong")).toMatchObject({ kind: "invalid", code: "SOURCE_CONFIG_INVALID" });
    const issues = runner.state("wrong");
    expect(issues?.kind === "invalid" && issues.issues.map((i) => i.path)).toContain("port");
    expect(runner.state("noFilter")).toMatchObject({
      kind: "invalid",
      issues: [{ path: "filter.expression" }],
    });
    expect(runner.state("queue")).toMatchObject({ kind: "unsupported" });
    expect(runner.state("locked")).toMatchObject({ code: "SOURCE_SECRET_MISSING", attempt: 1 });
  });

  test("stops when it is deleted", async () => {
    await using runner = await aRunner();
    await runner.apply({ webhook: { a: hook("/a") } });
    await runner.until("a", "live");

    await runner.stores.resources.delete("EventSource", "default", "hooks");
    await runner.board.until((board) => board.list().length === 0, runner.signal);
    await runner.clock.advanceBy(0);

    expect(runner.ingress.routes).toEqual([]);
  });
});

describe("a changed EventSource", () => {
  test("keeps unchanged events mounted, and mounts the new route before the old one goes", async () => {
    await using runner = await aRunner();
    await runner.apply({ webhook: { same: hook("/same"), moved: hook("/old") } });
    await runner.until("same", "live");
    await runner.until("moved", "live");
    const before = runner.ingress.history.length;

    await runner.apply({ webhook: { same: hook("/same"), moved: hook("/new") } });
    await runner.board.until((board) => board.get("default", "hooks")?.generation === 2, runner.signal);
    await runner.clock.advanceBy(0);

    expect(runner.ingress.history.slice(before)).toEqual([
      "+ default/hooks/moved /new",
      "- default/hooks/moved /old",
    ]);
    expect(runner.ingress.routes.map((r) => r.path).sort()).toEqual(["/new", "/same"]);
    expect(runner.state("moved")).toMatchObject({ kind: "live" });
  });

  test("lets a corrected event go live", async () => {
    await using runner = await aRunner();
    await runner.apply({ webhook: { a: hook("/a", { port: "x" }) } });
    await runner.until("a", "invalid");
    await runner.apply({ webhook: { a: hook("/a") } });
    await runner.until("a", "live");
  });

  test("is settled by its last state, however fast the changes come", async () => {
    await using runner = await aRunner();
    for (const path of ["/1", "/2", "/3"]) await runner.apply({ webhook: { a: hook(path) } });
    await runner.apply({ webhook: { b: hook("/b") } });
    await runner.until("b", "live");
    await runner.clock.advanceBy(0);
    expect(runner.ingress.routes.map((r) => r.path)).toEqual(["/b"]);
  });

  test("stops a leader's old life before its new one starts", async () => {
    const steps: string[] = [];
    const ticker = defineSource<{ n: number }>({
      kind: "calendar",
      placement: "leader",
      spec: { safeParse: (input) => ({ success: true, data: input as { n: number } }) },
      async run({ spec, ready, signal }) {
        steps.push(`start ${spec.n}`);
        ready();
        await new Promise<void>((resolve) =>
          signal.addEventListener("abort", () => resolve(), { once: true }),
        );
        steps.push(`end ${spec.n}`);
      },
    });
    await using runner = await aRunner({ registry: new Map([["calendar", ticker]]) });
    await runner.apply({ calendar: { t: { n: 1 } } });
    await runner.until("t", "live");
    await runner.apply({ calendar: { t: { n: 2 } } });
    await runner.clock.advanceBy(0);
    expect(steps).toEqual(["start 1", "end 1", "start 2"]);
  });
});

describe("a source that fails", () => {
  test("is started again after a wait that grows, without end", async () => {
    const secrets: Record<string, string> = {};
    await using runner = await aRunner({ secrets });
    await runner.apply({ webhook: { a: hook("/a", { authSecret: { name: "s", key: "k" } }) } });
    await runner.until("a", "degraded");
    const waits: number[] = [];
    for (let i = 0; i < 4; i++) {
      const now = runner.clock.now();
      const at = runner.clock.nextAt ?? 0;
      waits.push(at - now);
      await runner.clock.advanceTo(at);
    }
    expect(waits).toEqual([...waits].sort((a, b) => a - b));
    expect(runner.state("a")).toMatchObject({ kind: "degraded", attempt: 5 });

    secrets["s/k"] = "token";
    await runner.clock.advanceTo(runner.clock.nextAt ?? 0);

    expect(runner.state("a")).toMatchObject({ kind: "live" });
  });

  test("for ever, waits for a change of any source and is tried again then", async () => {
    await using runner = await aRunner();
    const taken = new AppError({
      code: "INGRESS_ROUTE_TAKEN",
      retry: "never",
      message: "taken",
      hint: "",
      details: {},
    });
    runner.ingress.failures.push(taken);
    await runner.apply({ webhook: { a: hook("/a") } });
    await runner.until("a", "degraded");
    expect(runner.state("a")).not.toHaveProperty("retryAt");
    expect(runner.clock.sleeping).toBe(0);

    await runner.apply({ webhook: { a: hook("/a"), b: hook("/b") } });

    await runner.until("a", "live");
  });

  test("by returning is started again too", async () => {
    let runs = 0;
    const quitter = defineSource({
      kind: "calendar",
      placement: "everywhere",
      spec: { safeParse: (input) => ({ success: true, data: input }) },
      run: async () => void runs++,
    });
    await using runner = await aRunner({ registry: new Map([["calendar", quitter], ...sourceRegistry]) });
    await runner.apply({ calendar: { t: {} } });
    await runner.until("t", "degraded");
    expect(runner.state("t")).toMatchObject({ code: "SOURCE_ENDED" });
    await runner.clock.advanceTo(runner.clock.nextAt ?? 0);
    expect(runs).toBe(2);
  });
});
