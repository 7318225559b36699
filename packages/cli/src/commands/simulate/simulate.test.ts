import { aWorkflow, shTemplate } from "@sluice/engine/testing";
import type { Mock, TestExpectation } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { junit } from "../../render/junit.ts";
import { judge } from "./judge.ts";
import { withArguments } from "./load.ts";
import { matcherOf } from "./pattern.ts";
import { runSimulation } from "./run.ts";

const workflow = aWorkflow({
  arguments: { parameters: [{ name: "who", value: "ann" }] },
  templates: [
    {
      name: "main",
      steps: [
        [{ name: "ask", template: "ask" }],
        [
          {
            name: "each",
            template: "say",
            withItems: ["x.y", "z"],
            arguments: { parameters: [{ name: "text", value: "{{item}} {{workflow.parameters.who}}" }] },
          },
          { name: "no", template: "ask", when: "{{steps.ask.outputs.result}} == yes" },
        ],
      ],
      outputs: { parameters: [{ name: "answer", valueFrom: { parameter: "{{steps.ask.outputs.result}}" } }] },
    },
    shTemplate("ask"),
    shTemplate("say", { inputs: { parameters: [{ name: "text" }] } }),
  ],
});
const runOf = async (
  of: typeof workflow,
  mocks: readonly Mock[],
  given: Readonly<Record<string, string>> = {},
) =>
  (
    await runSimulation({
      loaded: { workflow: of, others: [] },
      arguments: given,
      mocks,
      commands: [],
      at: 1_767_225_600_000,
    })
  ).simulated;
const run = (mocks: readonly Mock[], given?: Readonly<Record<string, string>>) =>
  runOf(workflow, mocks, given);
const judged = async (expected: TestExpectation, mocks: readonly Mock[] = [{ node: "ask", result: "no" }]) =>
  judge(await run(mocks), expected);

test("a pattern's stars stand for any characters, and its other characters for themselves", () => {
  const fits = (pattern: string, text: string) => matcherOf(pattern)(text);

  expect([
    fits("say(*)", "say(0:x)"),
    fits("*.say*", "wf[0].say(1)"),
    fits("a*b*c", "abc"),
    fits("*", ""),
  ]).toEqual([true, true, true, true]);
  expect([fits("say", "saying"), fits("a*b*c", "acb"), fits("ab*ba", "aba"), fits("a.c", "abc")]).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

describe("mocks", () => {
  test("match by display name, also that of a loop's item with a dot in it, and by attempt", async () => {
    const { steps } = await run([
      { node: "each(0:x.y)", exitCode: 1 },
      { node: "wf[1].each(1:z)", exitCode: 2 },
    ]);
    expect(steps.map(({ end }) => end.exitCode)).toEqual([undefined, 1, 2]);
  });

  test("answer one after the other where they have several results", async () => {
    const { steps } = await run([{ template: "*", results: ["a", "b"] }]);
    expect(steps.map(({ end }) => end.result)).toEqual(["a", "b", "b"]);
  });

  test("with a duration that is none are refused", async () => {
    await expect(run([{ duration: "soon" }])).rejects.toThrow("'soon' is neither seconds nor a duration");
  });
});

describe("what a test expects", () => {
  test("holds when all of it is so", async () => {
    expect(
      await judged({
        phase: "Succeeded",
        nodes: {
          ask: { phase: "Succeeded", type: "Pod", result: "no" },
          "each(1:z)": { inputs: { text: "z ann" } },
          no: { phase: "Skipped", message: "when * evaluated false" },
        },
        absent: ["maybe"],
        order: ["ask", "each(0:x.y)"],
        outputs: { answer: "no" },
        steps: 3,
        within: "2s",
      }),
    ).toEqual([]);
  });

  test("may name many nodes at once: all of them have to be so, and one has to be there", async () => {
    expect(await judged({ nodes: { "each(*": "Succeeded" }, absent: ["may*"] })).toEqual([]);
    expect(
      await judged({
        nodes: { "each(*": { inputs: { text: "z ann" } }, "x*": "Failed" },
        absent: ["*(1:z)"],
      }),
    ).toEqual([
      expect.stringMatching(/^node 'each\(0:x\.y\)' input 'text': expected 'z ann', got /),
      expect.stringMatching(/^node 'x\*': expected, but it is not there/),
      "node '*(1:z)': expected to be absent, 'each(1:z)' is Succeeded",
    ]);
  });

  test("is answered by what came instead, for each part", async () => {
    expect(
      await judged({
        phase: "Failed",
        nodes: { ask: "Skipped", maybe: "Succeeded", "each(1:z)": { inputs: { text: "other" } } },
        absent: ["ask"],
        order: ["each(0:x.y)", "ask"],
        outputs: { answer: "yes" },
        steps: 1,
        within: "1s",
      }),
    ).toEqual([
      "phase: expected 'Failed', got 'Succeeded'",
      "node 'ask' phase: expected 'Skipped', got 'Succeeded'",
      expect.stringMatching(/^node 'maybe': expected, but it is not there \(there are: wf, ask, /),
      "node 'each(1:z)' input 'text': expected 'other', got 'z ann'",
      "node 'ask': expected to be absent, it is Succeeded",
      "order: 'ask' started before 'each(0:x.y)' had ended",
      "output 'answer': expected 'yes', got 'no'",
      expect.stringMatching(/^steps: expected 1 to run, 3 did/),
      "within: expected at most 1s, it took 2s",
    ]);
  });

  test("a run that cannot end is told, unless that is expected", async () => {
    const stuck: readonly Mock[] = [{ node: "ask", forever: true }];
    expect(await judged({ phase: "Running" }, stuck)).toEqual([]);
    expect(await judged({ steps: 1 }, stuck)).toEqual([
      expect.stringMatching(/^it does not end: a step runs for ever/),
    ]);
  });
});

describe("a simulated daemon", () => {
  const served = aWorkflow({
    templates: [
      { name: "main", steps: [[{ name: "svc", template: "serve" }], [{ name: "use", template: "use" }]] },
      shTemplate("serve", { daemon: true }),
      shTemplate("use"),
    ],
  });
  const run = (...mocks: readonly Mock[]) => runOf(served, mocks);

  test("is ready after its duration, and runs until what uses it has ended", async () => {
    const { run: ended } = await run({ node: "svc", duration: "5s" }, { node: "use", duration: "60s" });
    expect(ended.phase).toBe("Succeeded");
    expect((ended.finishedAt ?? 0) - ended.startedAt).toBe(65_000);
  });

  test("ends by itself where its mock says how, before it is ready or, with `ready`, after", async () => {
    expect((await run({ node: "svc", exitCode: 0 })).steps).toHaveLength(1);
    const late = await run(
      { node: "svc", exitCode: 1, duration: "30s", ready: "5s" },
      { node: "use", duration: "60s" },
    );
    expect(late.steps).toHaveLength(2);
    expect(late.run.phase).toBe("Failed");
  });
});

test("arguments given by name take the place of the manifest's, and others are added", () => {
  const { spec } = withArguments(workflow, { who: "bob", more: "1" });
  expect(spec.arguments?.parameters).toEqual([
    { name: "who", value: "bob" },
    { name: "more", value: "1" },
  ]);
});

test("JUnit's XML has a suite a file, and nothing in a name breaks it", () => {
  const xml = junit([
    { file: "a.test.yaml", name: 'says "<&>"\u0001', ms: 12, warnings: [], failures: [] },
    { file: "a.test.yaml", name: "fails", ms: 1, warnings: [], failures: ["phase: expected 'A'", "more"] },
  ]);
  expect(xml).toContain('<testsuites tests="2" failures="1" errors="0" time="0.013">');
  expect(xml).toContain('name="says &quot;&lt;&amp;&gt;&quot;" time="0.012"/>');
  expect(xml).toContain("<failure message=\"phase: expected 'A'\">phase: expected 'A'&#10;more</failure>");
});

test("a mock that no step matched is known, one of a person's answer too", async () => {
  const suspended = aWorkflow({ templates: [{ name: "main", suspend: {} }] });
  const mocks: Mock[] = [{ node: "wf" }, { template: "mian" }];
  const { mocks: asked } = await runSimulation({
    ...{ loaded: { workflow: suspended, others: [] }, arguments: {}, commands: [] },
    ...{ mocks, at: 1_767_225_600_000 },
  });

  expect(asked.idle(mocks)).toEqual([{ template: "mian" }]);
});
