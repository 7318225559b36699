// ConfigMaps whose names only a step knows: read while the run is under way.
import { BusError } from "@sluice/bus";
import { expect, test } from "vitest";
import { type ConfigMapContent, type Definitions, noDefinitions } from "../definitions/port.ts";
import type { StepRequest } from "../executor/request.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { EngineBench } from "../testing/engine-bench.ts";
import { ManualExecutor } from "../testing/manual-executor.ts";

const submission = { namespace: "default", by: { kind: "api", user: "ann" } } as const;
const key = { namespace: "default", name: "wf" };
const content = (msg: string): ConfigMapContent => ({
  labels: { "workflows.argoproj.io/configmap-type": "Parameter" },
  data: { msg },
});
const workflow = () =>
  aWorkflow({
    templates: [
      {
        name: "main",
        steps: [
          [
            {
              name: "a",
              template: "say",
              withItems: ["one", "two"],
              arguments: {
                parameters: [
                  { name: "message", valueFrom: { configMapKeyRef: { name: "{{item}}", key: "msg" } } },
                ],
              },
            },
          ],
        ],
      },
      shTemplate("say", {
        inputs: { parameters: [{ name: "message" }] },
        container: { image: "alpine", args: ["{{inputs.parameters.message}}"] },
      }),
    ],
  });
const reads = (configMap: Definitions["configMap"]): Definitions => ({ ...noDefinitions, configMap });
const messageOf = (step: { readonly work: unknown }): unknown =>
  (step.work as { readonly container: { readonly args: readonly string[] } }).container.args[0];

test("an engine that dies before the answer leaves the ask to the next; what was stored counts, whatever is there by then", async () => {
  await using bench = new EngineBench();
  const now = () => bench.clock.now();
  const asked = Promise.withResolvers<void>();
  const one = bench.start(new ManualExecutor({ now }), {
    definitions: reads(async (_, name) => {
      if (name === "one") return content("from the first engine");
      asked.resolve();
      return new Promise(() => {});
    }),
  });
  await one.directory.submit(workflow(), submission);
  await asked.promise;
  await bench.until(one, key, ({ status }) => Object.values(status.nodes).some(({ type }) => type === "Pod"));
  await one.kill();

  const seen: unknown[] = [];
  const script = (step: StepRequest) => {
    seen.push(messageOf(step));
    return {};
  };
  const second = new ManualExecutor({ now, script });
  const two = bench.start(second, { definitions: reads(async () => content("from the second engine")) });

  expect((await bench.ended(two, key)).status.phase).toBe("Succeeded");
  expect(seen.toSorted()).toEqual(["from the first engine", "from the second engine"]);
  const facts = (await bench.facts(key)).filter(({ type }) => type === "configured");
  expect(facts).toHaveLength(2);
});

test("while the bus is away it is tried again; another failure is the error of the steps that wait", async () => {
  await using bench = new EngineBench();
  const executor = new ManualExecutor({ now: () => bench.clock.now(), script: () => ({}) });
  let looks = 0;
  const engine = bench.start(executor, {
    definitions: reads(async (_, name) => {
      if (name === "two") throw new Error("it is no ConfigMap");
      looks += 1;
      if (looks < 3) throw BusError.UNAVAILABLE({ what: "get", reason: "away" });
      return content("at last");
    }),
  });
  await engine.directory.submit(workflow(), submission);
  const ended = bench.ended(engine, key);
  for (let second = 0; second < 30 && looks < 3; second++) await bench.clock.advanceBy(1_000);

  const nodes = Object.values((await ended).status.nodes);
  expect(nodes.find(({ name }) => name === "wf[0].a(0:one)")).toMatchObject({ phase: "Succeeded" });
  expect(nodes.find(({ name }) => name === "wf[0].a(1:two)")).toMatchObject({
    phase: "Error",
    message: "it is no ConfigMap",
  });
});
