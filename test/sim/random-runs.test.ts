import { SeededRandom } from "@sluice/base";
import { hasErrors, lintWorkflow } from "@sluice/spec";
import { expect, test } from "vitest";
import { Chaos } from "./chaos.ts";
import { Dice } from "./dice.ts";
import { randomWorkflow } from "./random-workflow.ts";

const from = Number(process.env["SLUICE_SIM_SEED"] ?? 1);
const count = Number(
  process.env["SLUICE_SIM_SEEDS"] ?? (process.env["SLUICE_SIM_SEED"] === undefined ? 2_000 : 1),
);

test(`${count} workflows by chance, in a world that loses, doubles, mixes up and dies: every law holds`, () => {
  const phases: Record<string, number> = {};
  let deaths = 0;
  let starts = 0;
  for (let seed = from; seed < from + count; seed++) {
    const dice = new Dice(new SeededRandom(seed));
    const workflow = randomWorkflow(dice);
    try {
      const ended = new Chaos(workflow, dice).toEnd();
      phases[ended.run.phase] = (phases[ended.run.phase] ?? 0) + 1;
      deaths += ended.deaths;
      starts += ended.starts.length;
    } catch (error) {
      const hint = `SLUICE_SIM_SEED=${seed} repeats it`;
      throw new Error(
        `seed ${seed} (${hint}): ${(error as Error).message}\n${JSON.stringify(workflow.spec)}`,
        { cause: error },
      );
    }
  }
  if (count < 1_000) return;
  // The simulation is worth something only where all of it happens.
  expect(Object.keys(phases).sort()).toEqual(["Error", "Failed", "Succeeded"]);
  expect(deaths).toBeGreaterThan(count);
  expect(starts).toBeGreaterThan(3 * count);
}, 300_000);

test("workflows by chance are ones that lint accepts", () => {
  for (let seed = 1; seed <= 300; seed++) {
    const issues = lintWorkflow(randomWorkflow(new Dice(new SeededRandom(seed))));
    expect(hasErrors(issues) ? issues : [], `seed ${seed}`).toEqual([]);
  }
});
