import type { Template, WorkflowSpec } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { type Ended, runToEnd, type Script } from "../testing/run-to-end.ts";
import { nodeId } from "./state/node.ts";

const producer = (fallback?: string): Template =>
  shTemplate("make", {
    outputs: {
      parameters: [
        { name: "p", valueFrom: { path: "/p", ...(fallback === undefined ? {} : { default: fallback }) } },
      ],
    },
  });
const consumer = (fallback?: string): Template => ({
  ...shTemplate("take", {
    container: { image: "alpine", command: ["echo"], args: ["{{inputs.parameters.v}}"] },
  }),
  inputs: { parameters: [{ name: "v", ...(fallback === undefined ? {} : { default: fallback }) }] },
});

interface Absent {
  readonly kind: "steps" | "tasks";
  readonly value: string;
  readonly made?: string;
  readonly taken?: string;
}

/** `a` is skipped, `b` asks for its output. */
function withSkipped({ kind, value, made, taken }: Absent): Ended {
  const a = { name: "a", template: "make", when: "1 == 2" };
  const b = { name: "b", template: "take", arguments: { parameters: [{ name: "v", value }] } };
  const main: Template =
    kind === "steps"
      ? { name: "main", steps: [[a], [b]] }
      : { name: "main", dag: { tasks: [a, { ...b, depends: "a" }] } };
  return runToEnd(aWorkflow({ templates: [main, producer(made), consumer(taken)] }));
}

const given = (ended: Ended): unknown => ended.node("b").inputs?.[0]?.value;

describe.each(["steps", "tasks"] as const)("the output of a skipped node, in %s,", (kind) => {
  const value = `{{${kind}.a.outputs.parameters.p}}`;

  test("is its own default, in a tag and in an expression", () => {
    expect(given(withSkipped({ kind, value, made: "mine", taken: "theirs" }))).toBe("mine");
    expect(given(withSkipped({ kind, value: `{{=${kind}.a.outputs.parameters.p}}`, made: "mine" }))).toBe(
      "mine",
    );
  });

  test("without one is the default of the input that it is for", () => {
    expect(given(withSkipped({ kind, value, taken: "theirs" }))).toBe("theirs");
  });

  test("can be replaced in an expression", () => {
    const expression = `{{=${kind}.a.outputs.parameters.p ?? 'other'}}`;
    expect(given(withSkipped({ kind, value: expression }))).toBe("other");
  });

  test("is an error where nothing stands in: of the task and the run, of the step with its run failed", () => {
    for (const text of [value, `x ${value}`]) {
      const ended = withSkipped({ kind, value: text });
      expect(ended.node("b")).toMatchObject({
        phase: "Error",
        message: expect.stringContaining(
          `unable to substitute ${value}: output is an absent optional (skipped/omitted node with no default)`,
        ),
      });
      expect(ended.run.phase).toBe(kind === "steps" ? "Failed" : "Error");
    }
  });

  test("as the output of the template around it is that output's default, or an error", () => {
    const around = (fallback?: string) => {
      const a = { name: "a", template: "make", when: "1 == 2" };
      const outputs = {
        parameters: [
          {
            name: "o",
            valueFrom: { parameter: value, ...(fallback === undefined ? {} : { default: fallback }) },
          },
        ],
      };
      const main: Template =
        kind === "steps"
          ? { name: "main", steps: [[a]], outputs }
          : { name: "main", dag: { tasks: [a] }, outputs };
      return runToEnd(aWorkflow({ templates: [main, producer()] }));
    };
    expect(around("d").node("wf").outputs?.parameters?.[0]?.value).toBe("d");
    expect(around().run).toMatchObject({
      phase: "Error",
      message: expect.stringContaining("absent optional"),
    });
  });
});

describe("loops", () => {
  const looped = (loop: object, more: Partial<WorkflowSpec> = {}, script?: Script): Ended =>
    runToEnd(
      aWorkflow({
        templates: [
          {
            name: "main",
            dag: {
              tasks: [
                { name: "a", template: "sh", ...loop },
                { name: "b", template: "sh", dependencies: ["a"] },
              ],
            },
          },
          shTemplate("sh"),
        ],
        ...more,
      }),
      script,
    );
  const items = (ended: Ended): readonly string[] =>
    ended.started.map((s) => /\((.*)\)$/.exec(s.node.name)?.[1]).filter((label) => label !== undefined);

  test.each([
    [{ count: 3 }, ["0:0", "1:1", "2:2"]],
    [{ count: "2", start: "5" }, ["0:5", "1:6"]],
    [{ start: 2, end: 4 }, ["0:2", "1:3", "2:4"]],
    [{ start: 4, end: 2 }, ["0:4", "1:3", "2:2"]],
    [{ start: 1, end: 0 }, ["0:1", "1:0"]],
    [{ end: 0 }, ["0:0"]],
    [{ count: 2, format: "user%02X" }, ["0:user00", "1:user01"]],
    [{ count: "{{=1 + 1}}" }, ["0:0", "1:1"]],
  ])("withSequence %j counts %j", (withSequence, expected) => {
    expect(items(looped({ withSequence }))).toEqual(expected);
  });

  test.each([[{ withSequence: { count: 0 } }], [{ withItems: [] }], [{ withParam: "[]" }]])(
    "%j is one skipped node, and what depends on it runs",
    (loop) => {
      const ended = looped(loop);
      expect(ended.node("a")).toMatchObject({
        type: "Skipped",
        phase: "Skipped",
        message: "Skipped, empty params",
      });
      expect(ended.node("b").phase).toBe("Succeeded");
    },
  );

  test.each([
    ["nope", "withParam value could not be parsed as a JSON list: nope"],
    ['{"a":1}', 'withParam value could not be parsed as a JSON list: {"a":1}'],
  ])("withParam of %s is an error", (withParam, message) => {
    expect(looped({ withParam }).node("a")).toMatchObject({
      phase: "Error",
      message: expect.stringContaining(message),
    });
  });

  test("labels of maps are sorted and of lists are JSON, without parentheses", () => {
    expect(items(looped({ withItems: [{ b: 1, a: "(x)" }, [1, "y"]] }))).toEqual(["0:a:x,b:1", '1:[1,"y"]']);
  });

  test("numbers keep their digits, in items and in what the items made", () => {
    const withParam = '[9007199254740993, 1.10, {"id": 9007199254740993, "in": [1.0]}, "x"]';
    const value = "{{item}} {{=type(item) == 'map' ? item.id > 1 : item}}";
    const take = { ...consumer(), container: { image: "alpine", args: ["{{inputs.parameters.v}}"] } };
    const all = { arguments: { parameters: [{ name: "v", value: "{{tasks.a.outputs.result}}" }] } };
    const ended = looped(
      { withParam, template: "take", arguments: { parameters: [{ name: "v", value }] } },
      {
        templates: [
          {
            name: "main",
            dag: {
              tasks: [
                { name: "a", template: "take", withParam, arguments: { parameters: [{ name: "v", value }] } },
                { name: "b", template: "take", dependencies: ["a"], ...all },
              ],
            },
          },
          take,
        ],
      },
      (step) => ({ result: step.node.name.includes("(1:") ? "2.50" : '{"n":12345678901234567890}' }),
    );

    expect(
      ended.started.map(({ work }) => (work.kind === "container" ? work.container.args?.[0] : "")),
    ).toEqual([
      "9007199254740993 9007199254740992",
      "1.10 1.1",
      '{"id":9007199254740993,"in":[1.0]} true',
      "x x",
      '[{"n":12345678901234567890},2.50,{"n":12345678901234567890},{"n":12345678901234567890}]',
    ]);
    expect(items(ended)).toContain("2:id:9007199254740993,in:[1.0]");
  });

  test("a when is asked for each item", () => {
    const ended = looped({ withItems: [1, 2, 3], when: "{{item}} > 1" });
    expect(items(ended)).toEqual(["1:2", "2:3"]);
    expect(ended.node("a(0:1)")).toMatchObject({ phase: "Skipped", message: "when '1 > 1' evaluated false" });
  });

  test.each([
    ["a.AnySucceeded", 1, "Succeeded"],
    ["a.AllFailed", 1, "Omitted"],
    ["a.AllFailed", 0, "Succeeded"],
    ["a.AnySucceeded", 0, "Omitted"],
    ["a.Failed", 1, "Succeeded"],
  ])("depends %s with %i of two items good makes b %s", (depends, good, phase) => {
    const ended = runToEnd(
      aWorkflow({
        templates: [
          {
            name: "main",
            dag: {
              tasks: [
                { name: "a", template: "sh", withItems: [0, 1] },
                { name: "b", template: "sh", depends },
              ],
            },
          },
          shTemplate("sh"),
        ],
      }),
      (step) => ({
        exitCode: step.node.name.includes("(0") && good > 0 ? 0 : step.node.name.endsWith("b") ? 0 : 1,
      }),
    );
    expect(ended.node("b").phase).toBe(phase);
  });

  test("continueOn of a loop forgives its items", () => {
    const bad: Script = (step) => ({ exitCode: step.node.name.includes("(1") ? 1 : 0 });
    const forgiven = looped({ withItems: [0, 1], continueOn: { failed: true } }, {}, bad);
    expect(forgiven.run.phase).toBe("Succeeded");
    expect(looped({ withItems: [0, 1] }, {}, bad).run.phase).toBe("Failed");
  });
});

test.each(["steps", "tasks"] as const)("a loop of %s has the id of its place", (kind) => {
  const value = `{{${kind}.each.id}}`;
  const ask = { name: "ask", template: "take", arguments: { parameters: [{ name: "v", value }] } };
  const each = { name: "each", template: "sh", withItems: [1, 2] };
  const main: Template =
    kind === "steps"
      ? { name: "main", steps: [[each], [ask]] }
      : { name: "main", dag: { tasks: [each, { ...ask, depends: "each" }] } };
  const ended = runToEnd(aWorkflow({ templates: [main, shTemplate("sh"), consumer()] }));
  const place = kind === "steps" ? "wf[0].each" : "wf.each";
  expect(ended.node("ask").inputs).toEqual([{ name: "v", value: nodeId("wf", place) }]);
});

describe("a template's own value for an input", () => {
  const inputs = (...parameters: { name: string; value: string }[]): Ended =>
    runToEnd(aWorkflow({ templates: [shTemplate("main", { inputs: { parameters } })] }));

  test("may be made of its other inputs, in any order", () => {
    const ended = inputs(
      { name: "both", value: "{{=inputs.parameters.twice + '!'}}" },
      { name: "twice", value: "{{inputs.parameters.one}}{{inputs.parameters.one}}" },
      { name: "one", value: "x" },
    );
    expect(ended.node("wf").inputs?.map(({ value }) => value)).toEqual(["xx!", "xx", "x"]);
  });

  test("cannot be made of itself", () => {
    const ended = inputs(
      { name: "a", value: "{{inputs.parameters.b}}" },
      { name: "b", value: "{{inputs.parameters.a}}" },
    );
    expect(ended.node("wf").message).toContain("failed to resolve {{inputs.parameters.b}}");
  });
});

test("outputs that a step declares with tags in them are made of its inputs", () => {
  const ended = runToEnd(
    aWorkflow({
      templates: [
        {
          name: "main",
          steps: [
            [
              {
                name: "each",
                template: "say",
                arguments: { parameters: [{ name: "n", value: "{{item}}" }] },
                withItems: [1, 2],
              },
            ],
          ],
          outputs: {
            parameters: [
              { name: "all", valueFrom: { parameter: "{{steps.each.outputs.parameters.plain}}" } },
            ],
          },
        },
        shTemplate("say", {
          inputs: { parameters: [{ name: "n" }] },
          outputs: {
            parameters: [
              { name: "plain", value: "n={{inputs.parameters.n}}" },
              { name: "file", valueFrom: { path: "/f", default: "no {{inputs.parameters.n}}" } },
            ],
          },
        }),
      ],
    }),
  );
  expect(ended.node("each(1:2)").outputs?.parameters?.map((p) => p.value)).toEqual(["n=2", "no 2"]);
  expect(ended.node("wf").outputs?.parameters?.[0]?.value).toBe('["n=1","n=2"]');
});

test("parameters that are numbers, booleans, lists and maps are their JSON texts", () => {
  const workflow = aWorkflow({
    arguments: {
      parameters: [
        { name: "n", value: "3" },
        { name: "l", value: '["a",{"b":1}]' },
      ],
    },
    templates: [
      {
        ...shTemplate("main", {
          container: {
            image: "alpine",
            args: [
              "{{=asInt(inputs.parameters.n) / 2}}",
              "{{=fromJSON(inputs.parameters.l)[1].b}}",
              "{{=[1, 2]}}",
              "{{={'a': true}}}",
            ],
          },
        }),
        inputs: { parameters: [{ name: "n" }, { name: "l" }] },
      },
    ],
  });
  const [step] = runToEnd(workflow).started;
  expect(step?.work.kind === "container" ? step.work.container.args : []).toEqual([
    "1.5",
    "1",
    "[1,2]",
    '{"a":true}',
  ]);
});

test("a template's display name is what people and selectors know its nodes by", () => {
  const named = shTemplate("sh", {
    annotations: { "workflows.argoproj.io/display-name": "os-{{inputs.parameters.os}}" },
    inputs: { parameters: [{ name: "os", value: "linux" }] },
  });
  const ended = runToEnd(
    aWorkflow({ templates: [{ name: "main", steps: [[{ name: "a", template: "sh" }]] }, named] }),
  );
  expect(ended.node("wf[0].a").displayName).toBe("os-linux");

  const retried = runToEnd(
    aWorkflow({
      templates: [
        { name: "main", steps: [[{ name: "a", template: "sh" }]] },
        { ...named, retryStrategy: { limit: 1 } },
      ],
    }),
  );
  expect(retried.node("wf[0].a")).toMatchObject({ type: "Retry", displayName: "os-linux" });
  expect(retried.node("wf[0].a(0)").displayName).toBe("a(0)");
});

test.each(["Stop", "Terminate"] as const)("spec.shutdown %s starts nothing", (shutdown) => {
  const ended = runToEnd(aWorkflow({ shutdown, onExit: "main" }));
  expect(ended.run).toMatchObject({ phase: "Failed", message: `Stopped with strategy '${shutdown}'` });
  expect(ended.started.map((s) => s.node.name)).toEqual(shutdown === "Stop" ? ["wf.onExit"] : []);
  expect(ended.node("wf").message).toBe(`workflow shutdown with strategy: ${shutdown}`);
});
