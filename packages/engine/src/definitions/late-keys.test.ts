// Keys of ConfigMaps that only a step knows.
import type { RunSubmitted, Template } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { projectWorkflow } from "../project/workflow.ts";
import { createRun } from "../run/create.ts";
import { reduce } from "../run/reduce.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { PureRun, type Script } from "../testing/run-to-end.ts";
import { type ConfigMapContent, noDefinitions } from "./port.ts";

const step = (name: string, more: object) => ({ name, ...more });
const steps = (name: string, ...all: object[]) =>
  ({ name, steps: all.map((one) => [one]) }) as unknown as Template;
const dagOf = (name: string, ...tasks: object[]) => ({ name, dag: { tasks } }) as unknown as Template;
const says = (name: string): Template => ({
  name,
  inputs: { parameters: [{ name: "message" }] },
  container: { image: "busybox", command: ["echo"], args: ["{{inputs.parameters.message}}"] },
});

describe("a configMapKeyRef whose ConfigMap only a step knows", () => {
  const labels = { "workflows.argoproj.io/configmap-type": "Parameter" };
  const configMaps = new Map<string, ConfigMapContent>([
    ["one", { labels, data: { msg: "first {{workflow.name}}" } }],
    ["two", { labels, data: { msg: "second" } }],
    ["bare", { labels: {}, data: { msg: "x" } }],
  ]);
  const from = (name: string, key = "msg", more: object = {}) => ({
    arguments: {
      parameters: [{ name: "message", valueFrom: { configMapKeyRef: { name, key }, ...more } }],
    },
  });

  async function runLate(templates: Template[], retry?: Script) {
    const pure = new PureRun(aWorkflow({ templates }), retry);
    for (const [name, content] of configMaps) pure.world.configMaps.set(name, content);
    await pure.define(noDefinitions);
    return pure.toEnd();
  }
  const messages = (ended: Awaited<ReturnType<typeof runLate>>) =>
    ended.started.map(({ work }) => (work.kind === "container" ? work.container.args?.[0] : ""));
  const kinds = { steps: (task: object) => steps("main", task), dag: (task: object) => dagOf("main", task) };

  test.each(Object.entries(kinds))("is read for each item of a loop, once a key, in %s", async (_, main) => {
    const loop = step("a", { template: "say", withItems: ["one", "two", "one"], ...from("{{item}}") });
    const ended = await runLate([main(loop), says("say")]);

    expect(ended.run.phase).toBe("Succeeded");
    expect(messages(ended).toSorted()).toEqual([
      "first {{workflow.name}}",
      "first {{workflow.name}}",
      "second",
    ]);
    expect(ended.facts.filter(({ type }) => type === "configured")).toMatchObject([
      { ask: "/config/one/msg", map: { values: { msg: "first {{workflow.name}}" } } },
      { ask: "/config/two/msg", map: { values: { msg: "second" } } },
    ]);
  });

  test("may be named by what a step before it gave, and by a template's input", async () => {
    const inner = steps("inner", step("b", { template: "say", ...from("{{inputs.parameters.which}}") }));
    const main = {
      ...steps(
        "main",
        step("make", { template: "sh" }),
        step("a", {
          template: "inner",
          arguments: { parameters: [{ name: "which", value: "{{steps.make.outputs.result}}" }] },
        }),
      ),
    };
    const ended = await runLate(
      [main, { ...inner, inputs: { parameters: [{ name: "which" }] } }, says("say"), shTemplate("sh")],
      (request) => (request.node.template === "sh" ? { result: "two" } : {}),
    );

    expect(messages(ended).at(-1)).toBe("second");
  });

  test("that is not there is an error of its own node, or its default", async () => {
    const missing = await runLate([
      steps("main", step("a", { template: "say", withItems: ["no"], ...from("{{item}}") })),
      says("say"),
    ]);
    const instead = await runLate([
      steps(
        "main",
        step("a", {
          template: "say",
          withItems: ["no"],
          ...from("{{item}}", "msg", { default: "{{item}}!" }),
        }),
      ),
      says("say"),
    ]);
    const bare = await runLate([
      steps("main", step("a", { template: "say", withItems: ["bare"], ...from("{{item}}") })),
      says("say"),
    ]);

    expect(missing.node("a(0:no)")).toMatchObject({
      phase: "Error",
      message: "ConfigMap 'no' does not exist (configmaps 'no' not found)",
    });
    expect(messages(instead)).toEqual(["no!"]);
    expect(bare.node("a(0:bare)").message).toContain("needs to have the label");
  });

  test("is waited for by a hook too", async () => {
    const hooks = { exit: { template: "say", ...from("{{steps.a.status}}", "msg", { default: "none" }) } };
    const ended = await runLate([
      steps("main", step("a", { template: "sh", hooks })),
      says("say"),
      shTemplate("sh"),
    ]);

    expect(ended.run.phase).toBe("Succeeded");
    expect(messages(ended).at(-1)).toBe("none");
  });

  test("folds to the same run again from its facts", async () => {
    const loop = step("a", { template: "say", withItems: ["one", "two"], ...from("{{item}}") });
    const ended = await runLate([steps("main", loop), says("say")]);
    const [first, ...rest] = ended.facts;
    const again = createRun(first as RunSubmitted);
    for (const fact of rest) reduce(again, fact);

    expect(projectWorkflow(again)).toEqual(projectWorkflow(ended.run));
  });
});
