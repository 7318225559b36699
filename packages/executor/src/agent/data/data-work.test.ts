import { SeededRandom, silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores } from "@sluice/bus";
import type { StepRequest, StepWork } from "@sluice/engine";
import { describe, expect, test } from "vitest";
import { makeDataWork } from "./data-work.ts";

const clock = new VirtualClock(1_000);

async function run(work: Omit<Extract<StepWork, { kind: "data" }>, "kind">, keys: readonly string[]) {
  const { artifacts } = openStores(makeMemoryTransport({ clock }), { clock, log: silentLogger });
  for (const key of keys)
    await artifacts.put({ namespace: "ns", key, owner: "u" }, async function* () {
      yield Buffer.from("x");
    });
  await artifacts.put({ namespace: "other", key: "logs/other.log", owner: "u" }, async function* () {});
  return makeDataWork(artifacts).run({
    step: {
      run: { namespace: "ns", name: "wf", uid: "u" },
      work: { kind: "data", ...work },
    } as unknown as StepRequest,
    clock,
    random: new SeededRandom(1),
    log: silentLogger,
    pending: () => {},
    say: () => {},
    signal: new AbortController().signal,
  });
}
const keys = ["logs/b/main.log", "logs/a/main.log", "logs/a/side.log", "logs2/main.log"];

describe("a data template", () => {
  test("gives the keys of its namespace under a place, as a JSON list", async () => {
    expect(await run({ key: "logs", transformation: [] }, keys)).toEqual({
      phase: "Succeeded",
      result: '["logs/a/main.log","logs/a/side.log","logs/b/main.log"]',
    });
    expect((await run({ key: "none", transformation: [] }, keys)).result).toBe("[]");
  });

  test("puts them through its expressions, one after the other, in which values are data", async () => {
    const { result } = await run(
      {
        key: "",
        transformation: [
          { text: 'filter(data, {# endsWith "main.log"})', tags: {} },
          { text: "map(data, {# + {{inputs.parameters.p}}})", tags: { "inputs.parameters.p": '"' } },
        ],
      },
      keys,
    ).catch((error: unknown) => ({ result: String(error) }));

    expect(result).toBe(
      JSON.stringify(["logs/a/main.log", "logs/b/main.log", "logs2/main.log"].map((k) => `${k}"`)),
    );
  });

  test("whose result is too large is refused", async () => {
    const many = { text: 'map(1..30000, {"0123456789"})', tags: {} };

    await expect(run({ key: "logs", transformation: [many] }, keys)).rejects.toMatchObject({
      code: "AGENT_DATA_TOO_LARGE",
    });
  });
});
