import { SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import type { StepRequest } from "@sluice/engine";
import { EventReader, ManualExecutor, shStep } from "@sluice/engine/testing";
import { describe, expect, test } from "vitest";
import { makeAgent } from "./agent-executor.ts";
import { merged, withAgent } from "./routed-executor.ts";
import { agentWork } from "./work.ts";

/** An agent whose http steps end when the test says so. */
function bench(maxAtOnce = 8) {
  const clock = new VirtualClock(0);
  const ends = new Map<string, () => void>();
  const begun: string[] = [];
  const work = agentWork("http", maxAtOnce, (_, { step, signal }) => {
    begun.push(step.id);
    return new Promise((resolve, reject) => {
      ends.set(step.id, () => resolve({ phase: "Succeeded", result: "done" }));
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  });
  const agent = makeAgent({ works: [work], clock, random: new SeededRandom(1), log: silentLogger });
  const main = new ManualExecutor({ now: () => clock.now() });
  return { agent, main, executor: withAgent(main, agent), ends, begun };
}
const http = (): StepRequest => ({ ...shStep(""), work: { kind: "http", http: { url: "http://x" } } });

describe("steps go where their kind of work is done", () => {
  test("and the ends of both come by one stream", async () => {
    const { agent, main, executor, ends } = bench();
    await using reader = new EventReader(executor);
    const [a, b] = [http(), shStep("true")];
    await executor.start(a);
    await executor.start(b);

    expect(main.running).toEqual([b.id]);
    main.end(b.id);
    ends.get(a.id)?.();

    expect(await reader.ended(a.id)).toMatchObject({ exitCode: 0, result: "done" });
    expect(await reader.ended(b.id)).toMatchObject({ exitCode: 0 });
    await agent[Symbol.asyncDispose]();
  });

  test("also when they are told to end, and forgotten", async () => {
    const { agent, main, executor } = bench();
    await using reader = new EventReader(executor);
    const [a, b] = [http(), shStep("true")];
    for (const step of [a, b]) await executor.start(step);
    for (const step of [a, b]) await executor.stop(step.id, "kill");

    for (const step of [a, b]) expect(await reader.ended(step.id)).toMatchObject({ exitCode: 137 });
    await executor.forget(a.id);
    expect(agent.knows(a.id)).toBe(false);
    expect(main.running).toEqual([]);
    await agent[Symbol.asyncDispose]();
  });

  test("and after a restart the agent's are begun again, the others attached to", async () => {
    const first = bench();
    const [a, b] = [http(), shStep("true")];
    for (const step of [a, b]) await first.executor.start(step);
    await first.agent[Symbol.asyncDispose]();

    const next = bench();
    const main = new ManualExecutor({ now: () => 0, world: first.main.world });
    const executor = withAgent(main, next.agent);
    expect((await executor.adopt([a, b])).attached).toEqual([b.id]);
    await executor.start(a);
    expect(next.begun).toEqual([a.id]);
    expect(main.world.starts).toEqual([b.id]);
    await next.agent[Symbol.asyncDispose]();
  });
});

test("no more than the bound of a kind is done at once, and one that waits can be told to end", async () => {
  const { agent, executor, ends, begun } = bench(1);
  await using reader = new EventReader(executor);
  const steps = [http(), http(), http()];
  for (const step of steps) await executor.start(step);
  const [a, b, c] = steps.map(({ id }) => id) as [string, string, string];
  expect(begun).toEqual([a]);

  await executor.stop(b, "term");
  expect(await reader.ended(b)).toMatchObject({ exitCode: 143 });
  ends.get(a)?.();
  await reader.until((event) => (event.type === "started" && event.stepId === c ? event : undefined));
  expect(begun).toEqual([a, c]);
  await agent[Symbol.asyncDispose]();
});

test("a step that was started twice is done once", async () => {
  const { agent, executor, begun } = bench();
  const step = http();
  await executor.start(step);
  await executor.start(step);
  expect(begun).toEqual([step.id]);
  await agent[Symbol.asyncDispose]();
});

describe("merged streams", () => {
  async function* counting(items: readonly string[], asked: string[] = []): AsyncGenerator<string> {
    for (const item of items) {
      asked.push(item);
      yield item;
    }
  }

  test("give every item, each stream's in its order, and end with the last", async () => {
    const seen: string[] = [];
    for await (const item of merged([counting(["a1", "a2", "a3"]), counting(["b1", "b2"])])) seen.push(item);
    expect(seen.toSorted()).toEqual(["a1", "a2", "a3", "b1", "b2"]);
    expect(seen.filter((item) => item.startsWith("a"))).toEqual(["a1", "a2", "a3"]);
  });

  test("ask nothing ahead of their reader but one item", async () => {
    const asked: string[] = [];
    const stream = merged([counting(["1", "2", "3"], asked)]);
    expect((await stream.next()).value).toBe("1");
    expect(asked).toEqual(["1"]);
  });

  test("break when one breaks", async () => {
    const broken = (async function* (): AsyncGenerator<string> {
      yield "x";
      throw new Error("no");
    })();
    const all = async (): Promise<void> => {
      for await (const _ of merged([counting(["a"]), broken]));
    };
    await expect(all()).rejects.toThrow("no");
  });
});
