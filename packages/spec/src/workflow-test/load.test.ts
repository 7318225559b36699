import { expect, test } from "vitest";
import { loadManifests } from "../manifest.ts";
import { loadWorkflowTests } from "./load.ts";

const file = (body: string) => `apiVersion: sluice.dev/v1alpha1
kind: WorkflowTest
workflow: flow.yaml
${body}`;

test("a file of tests is read, values as texts", () => {
  const { tests, issues } = loadWorkflowTests(
    file(`mocks: [{ template: coin, result: 5, outputs: { list: [1, 2] } }]
tests:
  - { name: a, arguments: { n: 1 }, expect: { phase: Succeeded, nodes: { x: Skipped } } }
`),
  );
  expect(issues).toEqual([]);
  expect(tests[0]?.mocks).toEqual([{ template: "coin", result: "5", outputs: { list: "[1,2]" } }]);
  expect(tests[0]?.tests[0]?.arguments).toEqual({ n: "1" });
});

test("what is wrong in it is told with its place, also when it lies among manifests", () => {
  const text = file(`mocks:
  - { template: coin, error: gone, exitCode: 1 }
tests:
  - { name: a, expect: {} }
  - { name: a, expect: { phase: Done } }
`);
  const { issues } = loadWorkflowTests(text, { file: "x.test.yaml" });
  expect(issues.map(({ line, path }) => `${line} ${path}`)).toEqual(["8 tests[1].expect.phase"]);
  const mended = text.replace("Done", "Failed");
  expect(
    loadManifests(mended, { file: "x.test.yaml" }).issues.map(({ line, message }) => `${line} ${message}`),
  ).toEqual([
    "5 a step that ends as Error has neither exit code nor result",
    "7 it expects nothing, and so cannot fail",
    "8 two tests are named 'a'",
  ]);
});
