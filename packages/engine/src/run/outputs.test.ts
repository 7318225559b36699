import type { Template, WorkflowStep } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { type Ended, PureRun, runToEnd } from "../testing/run-to-end.ts";
import { nodeId } from "./state/node.ts";

const take = shTemplate("take", { inputs: { parameters: [{ name: "v" }] } });
const steps = (...groups: WorkflowStep[][]): Template => ({ name: "main", steps: groups });
const taking = (name: string, value: string, more: Partial<WorkflowStep> = {}): WorkflowStep => ({
  name,
  template: "take",
  arguments: { parameters: [{ name: "v", value }] },
  ...more,
});
const given = (ended: Ended, name: string): unknown => ended.node(name).inputs?.[0]?.value;

describe("tags in the outputs of a step", () => {
  const outputs: Template["outputs"] = {
    parameters: [
      { name: "pod", value: "{{pod.name}}", globalName: "pod-of-{{inputs.parameters.who}}" },
      { name: "file", valueFrom: { path: "/f", default: "none of {{workflow.name}}" } },
    ],
  };
  const inputs: Template["inputs"] = { parameters: [{ name: "who", value: "me" }] };

  test("are replaced in values, defaults and global names", () => {
    const ended = runToEnd(aWorkflow({ templates: [shTemplate("main", { inputs, outputs })] }));
    expect(ended.node("wf").outputs?.parameters?.map((p) => p.value)).toEqual(["wf", "none of wf"]);
    expect([...ended.run.globals]).toEqual([["pod-of-me", "wf"]]);
  });

  test("say the pod of each attempt", () => {
    const main = shTemplate("main", { inputs, outputs, retryStrategy: { limit: 1 } });
    const ended = runToEnd(aWorkflow({ templates: [main] }), ({ node }) => ({
      exitCode: node.attempt === 0 ? 1 : 0,
    }));
    const last = nodeId("wf", "wf(1)").replace("wf-", "wf-main-");
    expect(ended.node("wf").outputs?.parameters?.[0]?.value).toBe(last);
  });

  test("are replaced in those of a suspend node, whose exported values are known once they are set", () => {
    const parameters = [
      { name: "answer", globalName: "answer-{{inputs.parameters.who}}", valueFrom: { supplied: {} } },
      { name: "reason", valueFrom: { supplied: {}, default: "as {{inputs.parameters.who}} said" } },
    ];
    const main: Template = { name: "main", suspend: {}, inputs, outputs: { parameters } };
    const pure = new PureRun(aWorkflow({ templates: [main] }));
    pure.fact({ type: "set", at: pure.now, by: "u", selector: "name=wf", parameters: { answer: "yes" } });
    expect([...pure.run.globals]).toEqual([["answer-me", "yes"]]);

    pure.fact({ type: "resume", at: pure.now, by: "u" });
    const values = pure.run.nodes.get("wf")?.outputs?.parameters?.map((p) => p.value);
    expect(values).toEqual(["yes", "as me said"]);
  });

  test("are replaced in the global name of a template of steps", () => {
    const main: Template = {
      ...steps([{ name: "a", template: "made" }]),
      inputs,
      outputs: {
        parameters: [
          {
            name: "o",
            globalName: "of-{{inputs.parameters.who}}",
            valueFrom: { parameter: "{{steps.a.outputs.parameters.x}}" },
          },
        ],
      },
    };
    const made = shTemplate("made", { outputs: { parameters: [{ name: "x", value: "1" }] } });
    const ended = runToEnd(aWorkflow({ templates: [main, made] }));
    expect([...ended.run.globals]).toEqual([["of-me", "1"]]);
    expect(ended.node("wf").outputs?.parameters).toEqual([{ name: "o", globalName: "of-me", value: "1" }]);
  });
});

test.each([
  ["{{steps.make-it.outputs.result}}", true],
  ["{{=steps['make-it'].outputs.result}}", true],
  ['{{=steps["make-it"]["outputs"]["result"]}}', true],
  ["{{=toJson(steps['make-it'].outputs)}}", true],
  ["{{steps.make-it.outputs.parameters.p}}", false],
  ["{{=steps['make-it']['outputs']['parameters']['p']}}", false],
  ["{{steps.other.outputs.result}} of make-it", false],
])("the result of a step is kept where %s is read: %s", (value, isKept) => {
  const main = steps([{ name: "make-it", template: "sh" }], [taking("b", value)]);
  const { started } = runToEnd(aWorkflow({ templates: [main, take, shTemplate("sh")] }));
  expect(started[0]?.captureResult).toBe(isKept);
});

describe("maps as texts", () => {
  test("an item has its keys in order, whatever the order in the list", () => {
    const items = [{ version: 9.1, os: "debian", more: { b: 1, a: 2 } }];
    const main = steps(
      [taking("a", "{{item}}", { withItems: items })],
      [taking("b", "{{item}}", { withParam: JSON.stringify(items) })],
    );
    const ended = runToEnd(aWorkflow({ templates: [main, take] }));
    const text = '{"more":{"b":1,"a":2},"os":"debian","version":9.1}';
    const label = 'more:{"b":1,"a":2},os:debian,version:9.1';
    expect([given(ended, `a(0:${label})`), given(ended, `b(0:${label})`)]).toEqual([text, text]);
  });

  test("the outputs of a loop have their names in order", () => {
    const made = shTemplate("made", {
      outputs: { parameters: ["z", "a"].map((name) => ({ name, value: `{{pod.name}} ${name}`.slice(-1) })) },
    });
    const main = steps(
      [{ name: "loop", template: "made", withItems: [1, 2] }],
      [taking("b", "{{steps.loop.outputs.parameters}}")],
    );
    const ended = runToEnd(aWorkflow({ templates: [main, made, take] }));
    expect(given(ended, "b")).toBe('[{"a":"a","z":"z"},{"a":"a","z":"z"}]');
  });
});

test("steps and tasks know the name of the node that they are steps of", () => {
  const inner: Template = { name: "inner", steps: [[taking("leaf", "{{node.name}} {{steps.name}}")]] };
  const main: Template = { name: "main", dag: { tasks: [{ name: "outer", template: "inner" }] } };
  const ended = runToEnd(aWorkflow({ templates: [main, inner, take] }));
  expect(given(ended, "leaf")).toBe("wf.outer outer");
});

test("a template that does not say where its pod may go has it from the template that uses it", () => {
  const place = { nodeSelector: { pool: "small" }, tolerations: [{ key: "pool", operator: "Exists" }] };
  const main: Template = {
    ...steps([
      { name: "a", template: "plain" },
      { name: "b", template: "picky" },
    ]),
    ...place,
  };
  const picky = shTemplate("picky", { nodeSelector: { pool: "large" } });
  const spec = { templates: [main, shTemplate("plain"), picky], nodeSelector: { disk: "ssd" } };
  const { started } = runToEnd(aWorkflow(spec));
  expect(started.map(({ pod }) => pod)).toEqual([place, { ...place, nodeSelector: { pool: "large" } }]);
});

describe("the inputs of a suspend node", () => {
  const inputsOf = (parameters: NonNullable<NonNullable<Template["inputs"]>["parameters"]>) => {
    const main: Template = { name: "main", suspend: {}, inputs: { parameters } };
    return new PureRun(aWorkflow({ templates: [main] })).run.nodes.get("wf")?.inputs;
  };

  test("are shown with what they mean and the choices that they leave", () => {
    const approve = { name: "approve", default: "NO", enum: ["YES", "NO"], description: "go on?" };
    expect(inputsOf([approve])).toEqual([{ ...approve, value: "NO" }]);
  });

  test("offer the choices that a value brings with it", () => {
    const value = '{"enum": ["one", "two"]}';
    expect(inputsOf([{ name: "p", value }])).toEqual([{ name: "p", value, enum: ["one", "two"] }]);
  });

  test.each(["{}", '{"enum": "one"}', '{"enum": []}', "{not json", '["enum"]'])(
    "%s brings no choices",
    (value) => expect(inputsOf([{ name: "p", value }])).toEqual([{ name: "p", value }]),
  );
});
