// What made steps run twice, and runs stand still, before this world was there: steps of a run whose journal had to be
// read anew were cleared away at a takeover as nobody's, and so were those of runs that the follower had not shown yet; an
// engine that was thawed cleared away by the lease that it had before; a shard that went and came back between two looks
// counted as never gone; an append of an engine's first hand on a run passed for one of its second; a takeover that the
// bus interrupted, or that lost its shard on the way, let its runs fall. All of it was the engine's; of the older world
// (crashing-world.ts) only the chance was, by which threads packed checkpoints faster or slower than a process died.
import { SeededRandom } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { collectGarbage } from "@sluice/base/testing";
import { describe, expect, test } from "vitest";
import { Dice } from "./dice.ts";
import { Fleet, type FleetEnd } from "./fleet/fleet.ts";
import { randomWorkflow } from "./random-workflow.ts";

const given = process.env["SLUICE_SIM_SEED"];
const wanted = process.env["SLUICE_SEEDS"];
const from = Number(given ?? 1);
/** Seeds of each size of fleet; by default as many as fit into the time, and no more than a few hundred. */
const count = Number(wanted ?? (given === undefined ? 300 : 1));
const budgetMs = wanted === undefined ? 20_000 : Number.POSITIVE_INFINITY;
const leastSeeds = Math.min(count, 5);

const perils = { death: 0.3, freeze: 0.15, loss: 1, delay: 20, doubled: 5 };

/** `SLUICE_SIM_SEED=n` repeats one history, and tells it; with `SLUICE_SEEDS=m` it is the first of so many. */
const live = (seed: number, engines: number): Promise<FleetEnd> => fleetOf(seed, engines).toEnd();

function fleetOf(seed: number, engines: number): Fleet {
  const dice = new Dice(new SeededRandom(seed * 31 + engines));
  const workflows = Array.from({ length: dice.between(1, 3) }, (_, i) => randomWorkflow(dice, `run-${i}`));
  const trace = (line: string) => process.stderr.write(`${line}\n`);
  return new Fleet(seed, { engines, workflows, perils, ...(count === 1 ? { trace } : {}) });
}

describe.each([1, 2, 3])(
  "%i engines at most, which die, freeze and are cut off between any two operations",
  (engines) => {
    test("every run ends, no step is started twice, nothing is exceeded, each line is stored once", {
      timeout: 24 * 3_600_000,
    }, async () => {
      const until = systemClock.monotonic() + budgetMs;
      const all = { deaths: 0, freezes: 0, lost: 0, lines: 0, starts: 0 };
      let seeds = 0;
      for (; seeds < count && (seeds < leastSeeds || systemClock.monotonic() < until); seeds++) {
        const seed = from + seeds;
        const ended = await live(seed, engines).catch((error: Error) => {
          const hint = `SLUICE_SIM_SEED=${seed} npm test -- test/sim/fleet.test.ts -t "${engines} engines" repeats it`;
          throw new Error(`seed ${seed} (${hint}): ${error.message}`, { cause: error });
        });
        for (const key of ["deaths", "freezes", "lost", "lines"] as const) all[key] += ended[key];
        all.starts += ended.starts.length;
        if (wanted !== undefined && seed % 250 === 0)
          process.stderr.write(`${engines} engines: seed ${seed}\n`);
      }

      process.stderr.write(`${engines} engines, ${seeds} seeds: ${JSON.stringify(all)}\n`);
      if (seeds < 50) return;
      // The simulation is worth something only where all of it happens.
      expect(all.starts).toBeGreaterThan(seeds * 5);
      expect(Math.min(all.deaths, all.lost, all.lines)).toBeGreaterThan(seeds / 2);
      expect(all.freezes).toBeGreaterThan(seeds / 4);
    });

    test("a fleet that has come to its end is not kept", async () => {
      const kept: WeakRef<Fleet>[] = [];
      const toEnd = async (seed: number) => {
        const fleet = fleetOf(seed, engines);
        kept.push(new WeakRef(fleet));
        await fleet.toEnd();
      };
      for (const seed of [1, 2, 3]) await toEnd(seed);

      await collectGarbage();

      expect(kept.map((one) => one.deref() === undefined)).toEqual([true, true, true]);
    });

    test("a seed is one history", async () => {
      const [one, other] = [await live(7, engines), await live(7, engines)];

      expect(other.history).toBe(one.history);
      expect(one.history.length).toBeGreaterThan(1_000);
    });
  },
);
