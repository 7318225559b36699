// A journal that is packed at any moment reads as one that never was.

import { silentLogger } from "@sluice/base";
import { VirtualClock } from "@sluice/base/testing";
import { makeMemoryTransport, openStores } from "@sluice/bus";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readRun } from "../commands.ts";
import { JournalReader } from "../directory/journal-reader.ts";
import type { Fact } from "../facts.ts";
import { projectWorkflow } from "../project/workflow.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";
import { runToEnd } from "../testing/run-to-end.ts";
import { loadRuns } from "./fold.ts";

const key = { namespace: "default", name: "wf" };
const retried = aWorkflow({
  onExit: "sh",
  templates: [
    {
      name: "main",
      steps: [
        [{ name: "a", template: "again", withItems: ["x", "y", "z"], continueOn: { failed: true } }],
        [{ name: "wait", template: "wait" }],
        [{ name: "b", template: "sh" }],
      ],
    },
    { name: "wait", suspend: { duration: "3" } },
    shTemplate("again", { retryStrategy: { limit: 2, backoff: { duration: "2" } } }),
    shTemplate("sh"),
  ],
});

test("packed once, twice or not, with what it holds removed or not, the journal folds to the same run", async () => {
  const property = fc.asyncProperty(
    fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
    fc.nat(40),
    fc.nat(40),
    fc.boolean(),
    async (fails, at, then, isPurged) => {
      let n = 0;
      const { facts } = runToEnd(retried, () => ({ exitCode: fails[n++ % fails.length] === true ? 1 : 0 }));
      const clock = new VirtualClock(1);
      await using transport = makeMemoryTransport({ clock });
      const purge = transport.purge.bind(transport);
      const lossy = { ...transport, purge: isPurged ? purge : async () => {} };
      const journal = openStores(lossy, { clock, log: silentLogger }).journal<Fact>();
      const plain = { ...key, name: "plain" };
      const reader = new JournalReader(journal);
      let [seq, plainSeq] = [0, 0];
      for (const [i, fact] of facts.entries()) {
        seq = await journal.append(key, [fact], seq);
        plainSeq = await journal.append(plain, [fact], plainSeq);
        if (i === Math.floor(at / 2)) await reader.read(key);
        if (i === at || i === at + then)
          seq = await journal.compact(key, facts.slice(0, i + 1), { expectedSeq: seq, by: "e" });
      }

      const whole = (await readRun(journal, plain))?.run;
      if (whole === undefined) throw new Error("no run");
      const expected = projectWorkflow(whole);
      const options = { limits: {}, broken: () => {}, signal: new AbortController().signal };
      const [loaded] = await loadRuns(journal, [key], options);
      for (const run of [(await readRun(journal, key))?.run, (await reader.read(key))?.run, loaded?.run])
        expect(run === undefined ? undefined : projectWorkflow(run)).toEqual(expected);
    },
  );
  await fc.assert(property, { numRuns: 60 });
});

test("a long run is packed while it goes on, and the next process goes on from there", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const steps = Array.from({ length: 20 }, (_, i) => [{ name: `s${i}`, template: "sh" }]);
  const long = aWorkflow({ templates: [{ name: "main", steps }, shTemplate("sh")] });
  const config = { checkpointRecords: 5 };
  const first = new ManualExecutor({
    now,
    world,
    script: (step) => (step.node.name === "wf[15].s15" ? undefined : {}),
  });
  const one = bench.start(first, { config });
  await one.directory.submit(long, { namespace: "default", by: { kind: "api", user: "ann" }, cause: "c" });
  const waiting = await first.started((step) => step.node.name === "wf[15].s15");
  const records = await Array.fromAsync(bench.stores.journal<Fact>().read(key));
  expect(records.length).toBeLessThan(6);
  expect(records[0]?.checkpoint).toBeDefined();
  await one.kill();

  const second = new ManualExecutor({ now, world, script: () => ({}) });
  const two = bench.start(second, { config });
  await bench.until(two, key, (object) => object.status.progress === "15/16");
  second.end(waiting.id);
  const ended = await bench.ended(two, key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(new Set(world.starts).size).toBe(world.starts.length);
  expect(world.starts).toHaveLength(20);
});

test("a journal that is packed in the moment of the takeover is read anew, and the step that runs goes on", async () => {
  await using bench = new EngineBench();
  const world = manualWorld();
  const now = () => bench.clock.now();
  const steps = [[{ name: "a", template: "sh" }], [{ name: "b", template: "sh" }]];
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first);
  const workflow = aWorkflow({ templates: [{ name: "main", steps }, shTemplate("sh")] });
  await one.directory.submit(workflow, {
    namespace: "default",
    by: { kind: "api", user: "ann" },
    cause: "c",
  });
  const step = await first.started(() => true);
  await one.kill();

  // What the dead engine had sent arrives between the next one's look and its claim.
  const journal = bench.stores.journal<Fact>();
  let isLate = false;
  const overtaken: typeof journal = {
    ...journal,
    async append(of, facts, expectedSeq) {
      if (!isLate) {
        isLate = true;
        const seq = await journal.append(
          of,
          [{ type: "engine", v: 1, at: now(), engine: "dead" }],
          expectedSeq,
        );
        await journal.compact(of, [...(await bench.facts(of))], { expectedSeq: seq, by: "dead" });
      }
      return journal.append(of, facts, expectedSeq);
    },
  };
  const second = new ManualExecutor({ now, world, script: () => ({}) });
  const two = bench.start(second, { journal: overtaken });
  await bench.clock.advanceBy(1_000);
  expect(second.running).toEqual([step.id]);
  second.end(step.id);
  const ended = await bench.ended(two, key);

  expect(ended.status.phase).toBe("Succeeded");
  expect(world.starts).toHaveLength(2);
  expect(new Set(world.starts).size).toBe(2);
});
