import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeContext } from "../../context.ts";
import { loadWorkflow } from "./load.ts";
import { simulateCommand } from "./simulate.ts";
import { test as runTests } from "./test.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-simulate-"));
  await mkdir(join(folder, "tests"));
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const files = {
  "greet.yaml": `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: greet}
spec:
  entrypoint: main
  arguments: {parameters: [{name: who, value: world}]}
  templates:
  - {name: main, container: {image: a, command: [echo, "{{workflow.parameters.who}}"]}}
`,
  "parts.yaml": `apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: parts}
spec:
  templates:
  - {name: main, container: {image: a, command: [echo]}}
`,
  "nightly.yaml": `apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["@daily"]
  workflowSpec:
    entrypoint: main
    templates:
    - {name: main, container: {image: a, command: [echo, "{{workflow.scheduledTime}}"]}}
`,
  "flow.yaml": `apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {name: flow}
spec: {workflowTemplateRef: {name: greet}}
`,
  "tests/inline.test.yaml": `apiVersion: sluice.dev/v1alpha1
kind: WorkflowTest
workflow:
  apiVersion: argoproj.io/v1alpha1
  kind: Workflow
  metadata: {generateName: inline-}
  spec: {workflowTemplateRef: {name: greet}}
files: [../greet.yaml]
tests: [{name: greets, expect: {phase: Succeeded}}]
`,
};

function quiet() {
  const lines: string[] = [];
  const note = (text: string) => void lines.push(text);
  const context = { ...makeContext({}, {}, new AbortController().signal), out: note, note };
  return { context, lines };
}
const at = (...names: string[]) => names.map((name) => join(folder, name));
const simulated = async (names: readonly string[], options: object = {}) => {
  const { context, lines } = quiet();
  await simulateCommand(context, at(...names), {
    parameter: [],
    result: [],
    fail: [],
    steps: true,
    ...options,
  });
  return lines.join("\n");
};

test("a template is run as submit --from runs it, with its arguments or others", async () => {
  expect(await simulated(["greet.yaml"])).toMatch(/greet-\S+ {2}a echo world/);
  expect(await simulated(["greet.yaml"], { parameter: ["who=you"] })).toContain("a echo you");
});

test("a cron workflow is run as of a scheduled time", async () => {
  expect(await simulated(["nightly.yaml"])).toContain("a echo 2026-01-01T00:00:00Z");
});

test("templates beside a workflow are what it refers to; several without one are chosen by name", async () => {
  const { context } = quiet();
  const nameOf = async (names: string[], name?: string) => {
    const { metadata } = (await loadWorkflow(context, at(...names), name)).workflow;
    return metadata.name ?? metadata.generateName;
  };

  expect(await nameOf(["greet.yaml", "nightly.yaml", "flow.yaml"])).toBe("flow");
  expect(await nameOf(["greet.yaml", "parts.yaml"])).toBe("greet-");
  expect(await nameOf(["greet.yaml", "nightly.yaml"], "greet")).toBe("greet-");
  await expect(nameOf(["greet.yaml", "nightly.yaml"])).rejects.toThrow("choose one by name");
  await expect(nameOf(["parts.yaml"])).rejects.toMatchObject({ code: "CLI_NOTHING_FOUND" });
});

test("a test with its workflow in itself sees the files that it names", async () => {
  const { context, lines } = quiet();
  await runTests(context, at("tests/inline.test.yaml"), {});
  expect(lines.join("\n")).toContain("1 passed, 0 failed");
});

test("a --result or --fail that no step or template has is said", async () => {
  const lines = await simulated(["greet.yaml"], { result: ["mian=x", "main=y"], fail: ["other"] });
  expect(lines).toContain("--result: no step or template 'mian' ran");
  expect(lines).toContain("--fail: no step or template 'other' ran");
  expect(lines).not.toContain("'main' ran");
});
