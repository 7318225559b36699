import { BusError } from "@sluice/bus";
import type { WorkflowSpec } from "@sluice/spec";
import { expect, test } from "vitest";
import { type Definitions, noDefinitions } from "../../definitions/port.ts";
import { aWorkflow, shTemplate } from "../../testing/a-workflow.ts";
import { EngineBench } from "../../testing/engine-bench.ts";
import { ManualExecutor, manualWorld } from "../../testing/manual-executor.ts";

const by = { kind: "api", user: "ann" } as const;
const key = { namespace: "default", name: "wf" };
const workflow = () =>
  aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [{ name: "one", templateRef: { name: "lib", template: "say" } }],
          [{ name: "two", templateRef: { name: "lib", template: "say" } }],
        ],
      },
    ],
  });
const library = (image: string): WorkflowSpec => ({
  templates: [shTemplate("say", { container: { image } })],
});
const says = (image: string): Definitions => ({ ...noDefinitions, template: async () => library(image) });
const imageOf = (step: { readonly work: unknown }): string =>
  (step.work as { readonly container: { readonly image: string } }).container.image;

test("a run whose engine died while it looked things up is looked up for by the next engine, once", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const asked = Promise.withResolvers<void>();
  const never: Definitions = {
    ...noDefinitions,
    template: () => {
      asked.resolve();
      return new Promise(() => {});
    },
  };
  const one = bench.start(new ManualExecutor({ now }), { definitions: never });
  await one.directory.submit(workflow(), { namespace: "default", by });
  await asked.promise;
  await one.kill();

  const two = bench.start(new ManualExecutor({ now, script: () => ({}) }), { definitions: says("a") });

  expect((await bench.ended(two, key)).status.phase).toBe("Succeeded");
  const facts = await bench.facts(key);
  expect(facts.filter((fact) => fact.type === "definitions")).toHaveLength(1);
});

test("what was stored counts after a restart, whatever is applied by then", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const world = manualWorld();
  const first = new ManualExecutor({ now, world });
  const one = bench.start(first, { definitions: says("before") });
  await one.directory.submit(workflow(), { namespace: "default", by });
  const step = await first.started((s) => s.node.name === "wf[0].one");
  await one.kill();

  const second = new ManualExecutor({ now, world });
  const two = bench.start(second, { definitions: noDefinitions });
  await bench.until(two, key, (object) => object.status.phase === "Running");
  second.end(step.id);
  const next = await second.started((s) => s.node.name === "wf[1].two");
  second.end(next.id);

  expect((await bench.ended(two, key)).status.phase).toBe("Succeeded");
  expect([imageOf(step), imageOf(next)]).toEqual(["before", "before"]);
});

test("while the bus is away it is tried again; another failure ends the run with its reason", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) });
  let looks = 0;
  const flaky: Definitions = {
    ...noDefinitions,
    template: async ({ name }) => {
      looks += 1;
      if (name === "broken") throw new Error("it is no template");
      if (looks < 3) throw BusError.UNAVAILABLE({ what: "get", reason: "away" });
      return library("a");
    },
  };
  const engine = bench.start(executor, { definitions: flaky });
  await engine.directory.submit(workflow(), { namespace: "default", by });
  const ended = bench.ended(engine, key);
  for (let second = 0; second < 30 && looks < 3; second++) await bench.clock.advanceBy(1_000);

  expect((await ended).status.phase).toBe("Succeeded");

  const broken = aWorkflow(
    { entrypoint: undefined, templates: undefined, workflowTemplateRef: { name: "broken" } },
    "b",
  );
  await engine.directory.submit(broken, { namespace: "default", by });
  expect((await bench.ended(engine, { ...key, name: "b" })).status).toMatchObject({
    phase: "Error",
    message: "it is no template",
  });
});
