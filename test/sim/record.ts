// Adds journals of runs by chance: `node --conditions=@sluice/source test/sim/record.ts FIRST_SEED COUNT NAME`. Those that
// are there stay as they are: they are the past. A change that is meant to tell another story of old facts takes the journals
// that it concerns out, and records their seeds anew.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SeededRandom } from "@sluice/base";
import { Chaos } from "./chaos.ts";
import { Dice } from "./dice.ts";
import { randomWorkflow } from "./random-workflow.ts";
import { fold, pack, stateOf } from "./recorded.ts";

const [first = "1", count = "10", name = "run"] = process.argv.slice(2);
for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const file = join(import.meta.dirname, "journals", `${name}-${seed}.json.gz`);
  if (existsSync(file)) continue;
  const dice = new Dice(new SeededRandom(seed));
  const { facts } = new Chaos(randomWorkflow(dice), dice).toEnd();
  writeFileSync(file, pack({ title: `seed ${seed}`, facts, end: stateOf(fold(facts)) }));
}
