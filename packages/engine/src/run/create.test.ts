import type { RunRequester } from "@sluice/spec";
import { expect, test } from "vitest";
import { aWorkflow, shTemplate, submission } from "../testing/a-workflow.ts";
import { createRun } from "./create.ts";
import { decide, reduce } from "./reduce.ts";

const workflow = (value: string) =>
  aWorkflow({
    arguments: { parameters: [{ name: "p", value }] },
    templates: [shTemplate("main", { container: { image: "a", args: ["{{workflow.parameters.p}}"] } })],
  });

function argumentOf(value: string, by: RunRequester): string | undefined {
  const run = createRun({ ...submission(workflow(value)), by });
  reduce(run, { type: "engine", v: 1, at: run.now, engine: "e" });
  const [stepId = ""] = decide(run).start;
  const work = run.steps.get(stepId)?.step?.request.work;
  return work?.kind === "container" ? work.container.args?.[0] : undefined;
}

const trigger = { kind: "trigger", sensor: "s", trigger: "t", request: "r" } as const;
const api = { kind: "api", user: "ann" } as const;

test("what an event put into an argument is never taken for a tag", () => {
  for (const hostile of ["{{workflow.uid}}", "{{=1 + 1}}", "{{inputs.parameters.x}}", '"; {{workflow.name}}'])
    expect(argumentOf(hostile, trigger)).toBe(hostile);
});

test("nor when a person repeats the run that the event started", () => {
  const { annotations } = createRun({ ...submission(workflow("{{workflow.name}}")), by: trigger });
  const repeated = workflow("{{workflow.name}} {{=1 + 1}}");
  const again = { ...repeated, metadata: { ...repeated.metadata, annotations } } as never;
  const run = createRun({ ...submission(again), by: api });
  expect(run.parameters.get("p")).toBe("{{workflow.name}} {{=1 + 1}}");
});

test("what a manifest or a person says may have tags, once", () => {
  expect(argumentOf("out/{{workflow.name}}", api)).toBe("out/wf");
  expect(argumentOf("{{workflow.parameters.p}} {{=1 + 1}}", api)).toBe("{{workflow.parameters.p}} 2");
});

test("an argument without a value ends the run with what is missing", () => {
  const run = createRun(submission(aWorkflow({ arguments: { parameters: [{ name: "p" }] } })));
  reduce(run, { type: "engine", v: 1, at: run.now, engine: "e" });
  expect(run).toMatchObject({
    phase: "Failed",
    stage: "done",
    message: "invalid spec: spec.arguments.p.value or spec.arguments.p.valueFrom is required",
  });
});

test("an argument that its enum has not ends the run, whoever gave it", () => {
  const parameters = [{ name: "p", value: "c", enum: ["a", "b"] }];
  for (const by of [trigger, api]) {
    const run = createRun({ ...submission(aWorkflow({ arguments: { parameters } })), by });
    reduce(run, { type: "engine", v: 1, at: run.now, engine: "e" });
    expect(run).toMatchObject({
      phase: "Failed",
      message: "invalid spec: spec.arguments.p.value should be present in spec.arguments.p.enum list",
    });
  }
});

test("an entrypoint that is not there ends the run, though nobody linted it", () => {
  for (const [entrypoint, message] of [
    ["gone", "invalid spec: template name 'gone' undefined"],
    ["", "invalid spec: spec.entrypoint is required"],
  ] as const) {
    const run = createRun(submission(aWorkflow({ entrypoint })));
    reduce(run, { type: "engine", v: 1, at: run.now, engine: "e" });
    expect(run).toMatchObject({ phase: "Failed", message });
  }
});
