// Engines that share the runs of one bus by leases, in virtual time.
import { BusError, type KeyValue } from "@sluice/bus";
import { expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../testing/manual-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const twoSteps = (name: string) =>
  aWorkflow(
    {
      templates: [
        { name: "main", steps: [[{ name: "a", template: "sh" }], [{ name: "b", template: "sh" }]] },
        shTemplate("sh"),
      ],
    },
    name,
  );
const names = Array.from({ length: 12 }, (_, i) => `run-${i}`);

/** Leases that can be cut off, as by a lost connection. */
function cuttable(leases: KeyValue) {
  const line = { isCut: false };
  const guard = <T>(act: () => Promise<T>): Promise<T> =>
    line.isCut ? Promise.reject(BusError.UNAVAILABLE({ what: "leases", reason: "cut" })) : act();
  const cut: KeyValue = {
    ...leases,
    get: (k) => guard(() => leases.get(k)),
    put: (k, v) => guard(() => leases.put(k, v)),
    create: (k, v) => guard(() => leases.create(k, v)),
    update: (k, v, r) => guard(() => leases.update(k, v, r)),
    delete: (k, r) => guard(() => leases.delete(k, r)),
    watch: async function* (filter, signal) {
      for await (const change of leases.watch(filter, signal)) if (!line.isCut) yield change;
    },
  };
  return { leases: cut, line };
}

test("runs that were submitted before any engine was there are begun", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) });
  const plain = bench.start(new ManualExecutor({ now: () => bench.clock.now() }));
  await plain.kill();
  await plain.directory.submit(twoSteps("early"), { namespace: "default", by });

  const engine = bench.start(executor, { shards: { leases: bench.stores.state("leases") } });
  const ended = bench.ended(engine, { namespace: "default", name: "early" });
  await bench.clock.advanceBy(1_000);

  expect((await ended).status.phase).toBe("Succeeded");
});

test("an engine that ends gives its shards back, and speaks of no robbery", async () => {
  await using bench = new EngineBench();
  const shards = { leases: bench.stores.state("leases") };
  const start = () => bench.start(new ManualExecutor({ now: () => bench.clock.now() }), { shards });
  const first = start();
  await bench.clock.advanceBy(1_000);
  await first.kill();
  start();
  await bench.clock.advanceBy(1_000);

  const said = bench.log.entries.filter(({ message }) => message.includes("shards"));
  expect(said.map(({ level, message, fields }) => `${level} ${message} ${String(fields["from"])}`)).toEqual([
    "info shards taken nobody",
    "info shards taken nobody",
  ]);
});

test("an engine that is cut off from its leases starts nothing more, and the other has its runs", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const world = manualWorld();
  const { leases, line } = cuttable(bench.stores.state("leases"));
  const first = new ManualExecutor({ now, world });
  const second = new ManualExecutor({ now, world });
  const one = bench.start(first, { shards: { leases } });
  const two = bench.start(second, { shards: { leases: bench.stores.state("leases") } });
  await bench.clock.advanceBy(5_000);
  for (const name of names) await one.directory.submit(twoSteps(name), { namespace: "default", by });
  await bench.clock.advanceBy(1_000);
  expect(world.starts).toHaveLength(12);
  const shared = [one, two].map(({ registry }) => registry.list().length);
  expect(Math.min(...shared)).toBeGreaterThan(0);

  line.isCut = true;
  await bench.clock.advanceBy(2_000);
  // Steps end while the first engine may not be sure of its runs any more: it starts no next ones.
  for (const id of first.running) first.end(id);
  await bench.clock.advanceBy(10_000);
  for (const id of second.running) second.end(id);
  await bench.clock.advanceBy(10_000);

  expect(await Array.fromAsync(bench.stores.archive.list())).toHaveLength(12);
  expect(world.starts).toHaveLength(24);
  expect(new Set(world.starts).size).toBe(24);
});

test("a step that runs on a site that is gone is lost, and not run again here", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const leases = bench.stores.state("leases");
  const there = new ManualExecutor({ now, site: "there" });
  const one = bench.start(there, { shards: { leases } });
  await bench.clock.advanceBy(2_000);
  await one.directory.submit(twoSteps("wf"), { namespace: "default", by });
  const step = await there.started(() => true);
  await one.kill();

  const here = new ManualExecutor({ now, site: "here", script: () => ({}) });
  const two = bench.start(here, { shards: { leases } });
  const ended = bench.ended(two, { namespace: "default", name: "wf" });
  await bench.clock.advanceBy(10_000);

  const { status } = await ended;
  const node = Object.values(status.nodes).find(({ displayName }) => displayName === "a");
  expect(node).toMatchObject({
    phase: "Error",
    message: "it was under way on 'there', whose engine is gone",
  });
  expect(here.world.starts).not.toContain(step.id);
});
