import { SeededRandom } from "@sluice/base";
import { EngineBench } from "@sluice/engine/testing";
import { expect, test } from "vitest";
import { simulate } from "./crashing-world.ts";
import { Dice } from "./dice.ts";
import { randomWorkflow } from "./random-workflow.ts";

test("whenever the engine dies, the run goes on to its end, no step runs twice, and each line is stored once", async () => {
  let deaths = 0;
  let lines = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const ended = await simulate(seed, new EngineBench());
    deaths += ended.deaths;
    lines += [...ended.told.values()].flat().length;
    expect(ended.starts.length, `seed ${seed}`).toBeGreaterThan(0);
    expect(new Set(ended.starts).size, `seed ${seed}: a step ran twice`).toBe(ended.starts.length);
    expect(ended.stored, `seed ${seed}: the log`).toEqual(ended.told);
  }
  expect(deaths).toBeGreaterThan(60);
  expect(lines).toBeGreaterThan(500);
});

test("so it is with workflows by chance", { timeout: 300_000 }, async () => {
  let deaths = 0;
  for (let seed = 1; seed <= 60; seed++) {
    const { stores, clock, log } = new EngineBench();
    const workflow = randomWorkflow(new Dice(new SeededRandom(seed)));
    const ended = await simulate(seed, { stores, clock, log, workflow });
    deaths += ended.deaths;
    expect(new Set(ended.starts).size, `seed ${seed}: a step ran twice`).toBe(ended.starts.length);
    expect(ended.stored, `seed ${seed}: the log`).toEqual(ended.told);
  }
  expect(deaths).toBeGreaterThan(60);
});
