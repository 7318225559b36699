import { AppError, Scope, SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { TriggerRequest } from "@sluice/spec";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { defaultTriggersConfig, type TriggersConfig } from "./config.ts";
import { type ActionSpec, defineTrigger, type TriggerContext, type TriggerResult } from "./define.ts";
import { TriggerError } from "./errors.ts";
import { aRequest, Desk, makeRuns, referencesOf } from "./testing/index.ts";
import { runTriggers } from "./worker.ts";

type Act = (context: TriggerContext<unknown>) => Promise<TriggerResult>;
const anything: ActionSpec<unknown> = { safeParse: (data) => ({ success: true, data }) };
const away = () => TriggerError.HTTP_FAILED({ url: "http://x", reason: "away" });

let clock: VirtualClock;
let desk: Desk;
let scope: Scope;
/** `trigger attempt`, in the order of execution. */
let acted: string[];

beforeEach(() => {
  clock = new VirtualClock(1_000_000);
  desk = new Desk(clock);
  scope = new Scope();
  acted = [];
});
afterEach(() => scope[Symbol.asyncDispose]());

function start(act: Act, config: Partial<TriggersConfig> = {}, reached: string[] = []): void {
  const kind = defineTrigger({
    kind: "log",
    spec: anything,
    execute: (context) => {
      acted.push(`${context.request.trigger} ${context.attempt}`);
      return act(context);
    },
  });
  scope.spawn("triggers", (signal) =>
    runTriggers(
      {
        queue: desk.queue,
        trail: desk.trail,
        dead: desk.dead,
        references: referencesOf(),
        submitRun: makeRuns().submitRun,
        clock,
        random: new SeededRandom(1),
        log: silentLogger,
        failpoints: { reach: (name) => void reached.push(name) },
        kinds: new Map([["log", kind]]),
        config: { ...defaultTriggersConfig, ...config },
      },
      signal,
    ),
  );
}
const done = async (): Promise<TriggerResult> => ({ outcome: "done", result: "made" });
const outcomes = () => desk.records.map((r) => `${r.outcome} ${r.attempt}`);
const steps = (attempts: number): Partial<TriggerRequest> => ({
  retryStrategy: { duration: "1s", steps: attempts },
});

describe("a request", () => {
  test("that succeeds is recorded, then acknowledged", async () => {
    const reached: string[] = [];
    start(done, {}, reached);

    desk.send(aRequest());
    await desk.until(() => desk.settled.length === 1);

    expect(desk.records).toMatchObject([
      { outcome: "done", attempt: 1, result: "made", request: "request-1" },
    ]);
    expect(desk.settled).toEqual(["request-1 ack"]);
    expect(reached).toEqual(["trigger.claimed", "trigger.executed"]);
  });

  test("that fails is tried again after its backoff, up to its steps, then kept in DEAD", async () => {
    start(async () => {
      throw away();
    });

    desk.send(aRequest(steps(3)));
    await desk.until(() => desk.settled.length === 1);
    await clock.advanceBy(1_000);
    await clock.advanceBy(1_000);
    await desk.until(() => desk.letters.length === 1 && desk.settled.length === 3);

    expect(desk.settled).toEqual(["request-1 retry 1000", "request-1 retry 1000", "request-1 drop"]);
    expect(outcomes()).toEqual(["retrying 1", "retrying 2", "dead 3"]);
    expect(desk.letters).toMatchObject([{ id: "request-1", code: "TRIGGER_HTTP_FAILED", attempts: 3 }]);
  });

  test("that can never succeed goes to DEAD at once", async () => {
    start(async () => {
      throw TriggerError.ACTION_INVALID({ kind: "log", issues: ["x"] });
    });

    desk.send(aRequest(steps(3)));
    await desk.until(() => desk.settled.length === 1);

    expect(desk.settled).toEqual(["request-1 drop"]);
    expect(desk.letters).toMatchObject([{ code: "TRIGGER_ACTION_INVALID", attempts: 1 }]);
  });

  test("that meets a fault of ours goes to DEAD, and the worker goes on", async () => {
    start(async ({ request }) => {
      if (request.id === "poison") throw new TypeError("x is not a function");
      return await done();
    });

    desk.send(aRequest({ id: "poison" }));
    desk.send(aRequest({ id: "good" }));
    await desk.until(() => desk.settled.length === 2);

    expect([...desk.settled].sort()).toEqual(["good ack", "poison drop"]);
    expect(desk.letters).toMatchObject([{ code: "TRIGGER_BUG" }]);
  });

  test("that was delivered again after a crash is executed even when its steps are used up by deliveries", async () => {
    start(done);

    desk.send(aRequest(steps(1)), 7);
    await desk.until(() => desk.settled.length === 1);

    expect(acted).toEqual(["t 1"]);
    expect(desk.settled).toEqual(["request-1 ack"]);
  });

  test("counts its attempts anew after it was redriven", async () => {
    const [cause] = aRequest().causes;
    const base = {
      v: 1,
      at: 0,
      cause: cause!,
      type: "trigger",
      sensor: "s",
      trigger: "t",
      request: "request-1",
    } as const;
    desk.records.push({ ...base, outcome: "retrying", attempt: 1 }, { ...base, outcome: "dead", attempt: 2 });
    start(done);

    desk.send(aRequest(), 2);
    await desk.until(() => desk.settled.length === 1);

    expect(acted).toEqual(["t 1"]);
  });

  test("names the redrive in its records, so that a second death is no repeat of the first", async () => {
    start(async () => {
      throw away();
    });

    desk.send(aRequest(steps(1)));
    await desk.until(() => desk.settled.length === 1);
    desk.send(aRequest({ ...steps(1), redrive: 7 }));
    await desk.until(() => desk.settled.length === 2);

    expect(desk.records.map(({ outcome, attempt, redrive }) => [outcome, attempt, redrive])).toEqual([
      ["dead", 1, undefined],
      ["dead", 1, 7],
    ]);
  });

  test("waits as long as the target asked for", async () => {
    start(async () => {
      throw TriggerError.HTTP_STATUS({ url: "http://x", status: 503, body: "", retryAfterMs: 60_000 });
    });

    desk.send(aRequest(steps(2)));
    await desk.until(() => desk.settled.length === 1);

    expect(desk.settled).toEqual(["request-1 retry 60000"]);
  });

  test("uses no attempt up while the bus is away", async () => {
    const unavailable = new AppError({
      ...{ code: "BUS_UNAVAILABLE", retry: "later", message: "away", hint: "", details: {} },
    });
    start(async () => {
      throw unavailable;
    });

    desk.send(aRequest(steps(1)));
    await desk.until(() => desk.settled.length === 1);

    expect(desk.settled).toEqual(["request-1 retry 1000"]);
    expect(desk.letters).toEqual([]);
    expect(desk.records).toEqual([]);
  });
});

describe("many requests", () => {
  test("a slow trigger does not hold up another", async () => {
    const stuck = new AbortController();
    start(
      async ({ request }) => {
        if (request.trigger === "slow") await clock.sleepUntil(9e12, stuck.signal);
        return await done();
      },
      { maxPerTrigger: 1, maxHeldPerTrigger: 3 },
    );

    for (let i = 0; i < 5; i++) desk.send(aRequest({ id: `slow-${i}`, trigger: "slow" }));
    desk.send(aRequest({ id: "quick", trigger: "quick" }));
    await desk.until(() => desk.settled.includes("quick ack"));

    expect(acted.filter((a) => a.startsWith("slow"))).toHaveLength(1);
    expect(desk.settled.filter((s) => s.includes("retry"))).toHaveLength(2);
    stuck.abort();
    await desk.until(() => desk.settled.filter((s) => s.endsWith("ack")).length === 4);
  });

  test("a rate limit delays and drops none", async () => {
    start(done);
    const rateLimit = { unit: "Minute", requestsPerUnit: 60 } as const;

    for (let i = 0; i < 3; i++) desk.send(aRequest({ id: `r${i}`, rateLimit }));
    await desk.until(() => desk.settled.length === 1);
    await clock.advanceBy(999);
    expect(desk.settled).toEqual(["r0 ack"]);
    await clock.advanceBy(1_001);

    expect(desk.settled).toEqual(["r0 ack", "r1 ack", "r2 ack"]);
  });
});

test("told to stop, it lets attempts under way end, cuts them off after the grace, and leaves no sleeper", async () => {
  start(
    ({ signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
      }),
    { graceMs: 2_000 },
  );
  desk.send(aRequest(steps(1)));
  await clock.advanceBy(10);
  expect(acted).toEqual(["t 1"]);

  const closed = scope[Symbol.asyncDispose]();
  await clock.advanceBy(2_000);
  await closed;

  expect(desk.settled).toEqual([expect.stringMatching(/^request-1 retry/)]);
  expect(desk.letters).toEqual([]);
  expect(clock.sleeping).toBe(0);
});
