// Three real engine processes share the runs of one bus; any of them dies or freezes at any moment.
import { sleepFor } from "@sluice/base";
import { systemClock } from "@sluice/base/system";
import { aWorkflow } from "@sluice/engine/testing";
import { expect, test } from "vitest";
import { EngineFleet } from "./engine-process.ts";
import { Counter } from "./fixtures.ts";

const words = ["a", "b", "c", "d", "e"];

/** Five steps in a row, two of them side by side with a sixth; each says its name once, and takes its time. */
const chain = (counter: Counter, name: string, seconds: number) =>
  aWorkflow(
    {
      templates: [
        { name: "main", steps: words.map((word) => [step(word)]) },
        {
          name: "say",
          inputs: { parameters: [{ name: "word" }] },
          container: {
            image: "alpine:3.6",
            command: ["bash", "-c"],
            args: [`${counter.say(`${name}/{{inputs.parameters.word}}`)}; sleep ${seconds}`],
          },
        },
      ],
    },
    name,
  );
const step = (word: string) => ({
  name: word,
  template: "say",
  arguments: { parameters: [{ name: "word", value: word }] },
});

const by = { kind: "api", user: "ann" } as const;
const namesOf = (count: number) => Array.from({ length: count }, (_, i) => `run-${i}`);

function expectOnce(counter: Counter, names: readonly string[]): void {
  const said = names.flatMap((name) => words.map((word) => `${name}/${word}`));
  expect(said.filter((word) => counter.of(word) !== 1).map((word) => [word, counter.of(word)])).toEqual([]);
}

/** Three engines with shards, and 30 runs among them, of which some are in their second step; steps take `seconds`. */
async function busyEngines(fleet: EngineFleet, counter: Counter, seconds: number) {
  const engines = [await fleet.start(), await fleet.start(), await fleet.start()] as const;
  const members = await Promise.all(engines.map((engine) => fleet.memberOf(engine)));
  await fleet.owners((owners) => members.every((member) => owners.has(member)));
  const names = namesOf(30);
  const ended = fleet.ended(names);
  await Promise.all(
    names.map((name) => fleet.directory.submit(chain(counter, name, seconds), { namespace: "default", by })),
  );
  await counter.said("run-3/b");
  return { engines, members, names, ended };
}

test("of three engines two are killed: the last one has every run, and no step was run twice", async () => {
  await using counter = await Counter.listen();
  await using fleet = await EngineFleet.open();
  const { engines, members, names, ended } = await busyEngines(fleet, counter, 0.7);

  for (const victim of [0, 1] as const) {
    const startedAt = systemClock.monotonic();
    engines[victim].signal("SIGKILL");
    await fleet.owners((owners) => !owners.has(members[victim] ?? ""));
    const tookMs = Math.round(systemClock.monotonic() - startedAt);
    process.stderr.write(`takeover after kill -9: ${tookMs} ms\n`);
    expect(tookMs).toBeLessThan(10_000);
    await counter.said(`run-${20 + victim}/c`);
  }

  expect(new Set((await ended).values()), engines[2].log()).toEqual(new Set(["Succeeded"]));
  expectOnce(counter, names);
});

test("an engine that is frozen for ten seconds finds its runs taken over, and starts nothing twice", async () => {
  await using counter = await Counter.listen();
  await using fleet = await EngineFleet.open();
  // The freeze falls where it falls: between two steps, while one is decided on, while its process is made.
  const { engines, members, names, ended } = await busyEngines(fleet, counter, 3);

  const startedAt = systemClock.monotonic();
  engines[0].signal("SIGSTOP");
  await fleet.owners((owners) => !owners.has(members[0] ?? ""));
  const tookMs = Math.round(systemClock.monotonic() - startedAt);
  process.stderr.write(`takeover from a frozen engine: ${tookMs} ms\n`);
  expect(tookMs).toBeLessThan(10_000);
  await sleepFor(systemClock, 10_000 - tookMs);
  engines[0].signal("SIGCONT");

  expect(new Set((await ended).values()), engines[0].log()).toEqual(new Set(["Succeeded"]));
  expectOnce(counter, names);
  await fleet.owners((owners) => owners.has(members[0] ?? ""));
}, 180_000);

/** A minute in the fault script of releases (`SLUICE_OUTAGE_SECONDS=60`); shorter here. */
const outageMs = Number(process.env["SLUICE_OUTAGE_SECONDS"] ?? 8) * 1_000;

test("the bus is gone in the middle of runs: they go on when it is back, and nothing is lost or run twice", async () => {
  await using counter = await Counter.listen();
  await using fleet = await EngineFleet.open();
  const engines = [await fleet.start(), await fleet.start()] as const;
  const members = await Promise.all(engines.map((engine) => fleet.memberOf(engine)));
  await fleet.owners((owners) => members.every((member) => owners.has(member)));
  const names = namesOf(10);
  await Promise.all(
    names.map((name) => fleet.directory.submit(chain(counter, name, 1), { namespace: "default", by })),
  );
  await counter.said("run-5/b");

  await fleet.server.kill();
  await sleepFor(systemClock, outageMs);
  await fleet.server.restart();

  const ended = await fleet.ended(names);
  expect(new Set(ended.values()), engines[0].log()).toEqual(new Set(["Succeeded"]));
  expectOnce(counter, names);
}, 180_000);
