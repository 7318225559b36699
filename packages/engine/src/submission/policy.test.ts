import type { RunDefaults, RunSubmitted, WorkflowSpec } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import type { DefinitionsFixed } from "../facts.ts";
import { projectWorkflow } from "../project/workflow.ts";
import { createRun } from "../run/create.ts";
import { takeDefinitions } from "../run/definitions.ts";
import { aWorkflow, shTemplate } from "../testing/a-workflow.ts";
import { admitted, type SubmissionPolicy } from "./policy.ts";

const submitted = (spec: Partial<WorkflowSpec>): RunSubmitted => ({
  type: "submitted",
  at: 0,
  uid: "u",
  name: "wf",
  namespace: "default",
  workflow: { ...aWorkflow({}, "wf"), spec: spec as WorkflowSpec },
  by: { kind: "api", user: "ann" },
  causes: [],
  traceparent: "",
});
const ref = { workflowTemplateRef: { name: "lib" } };

describe("workflowDefaults", () => {
  const defaults: RunDefaults = {
    metadata: { labels: { tier: "default", team: "none" }, annotations: { note: "d" } },
    spec: {
      ttlStrategy: { secondsAfterSuccess: 60, secondsAfterFailure: 600 },
      activeDeadlineSeconds: 10,
      parallelism: 3,
      arguments: { parameters: [{ name: "who", value: "default" }] },
    },
  };

  test("count where the workflow says nothing", () => {
    const own = { entrypoint: "main", templates: [shTemplate("main")], parallelism: 9 };
    const fact = admitted({ defaults }, submitted({ ...own, ttlStrategy: { secondsAfterSuccess: 5 } }));
    const run = createRun({
      ...fact,
      workflow: { ...fact.workflow, metadata: { name: "wf", labels: { team: "red" } } },
    });

    expect(run.spec).toMatchObject({
      parallelism: 9,
      activeDeadlineSeconds: 10,
      ttlStrategy: { secondsAfterSuccess: 5, secondsAfterFailure: 600 },
    });
    expect(run.labels).toMatchObject({ tier: "default", team: "red" });
    expect(run.annotations).toEqual({ note: "d" });
    expect(run.parameters.get("who")).toBe("default");
    expect(projectWorkflow(run).spec).toMatchObject({ parallelism: 9, activeDeadlineSeconds: 10 });
  });

  test("come after the workflow and after its template", () => {
    const base = {
      entrypoint: "main",
      templates: [shTemplate("main")],
      parallelism: 7,
      ttlStrategy: { secondsAfterSuccess: 30, secondsAfterCompletion: 90 },
    } as WorkflowSpec;
    const run = createRun(
      admitted({ defaults }, submitted({ ...ref, ttlStrategy: { secondsAfterSuccess: 5 } })),
    );
    takeDefinitions(run, { type: "definitions", at: 0, base } as DefinitionsFixed);

    expect(run.spec).toMatchObject({
      parallelism: 7,
      activeDeadlineSeconds: 10,
      ttlStrategy: { secondsAfterSuccess: 5, secondsAfterCompletion: 90, secondsAfterFailure: 600 },
    });
  });
});

describe("templateReferencing", () => {
  const refusal = (
    spec: Partial<WorkflowSpec>,
    policy: SubmissionPolicy = { templateReferencing: "Strict" },
  ) => {
    try {
      admitted(policy, submitted(spec));
      return undefined;
    } catch (error) {
      return { code: (error as { code: string }).code, message: (error as Error).message };
    }
  };

  test("takes what refers to a template, with the fields that may be set", () => {
    expect(refusal({ ...ref, arguments: { parameters: [] }, priority: 1, entrypoint: "x" })).toBeUndefined();
    expect(refusal({ entrypoint: "main" }, {})).toBeUndefined();
  });

  test.each([
    [{ entrypoint: "main", templates: [] }, "ENGINE_REFERENCE_REQUIRED", "workflowTemplateRef"],
    [{ ...ref, serviceAccountName: "root" }, "ENGINE_FIELD_RESTRICTED", "serviceAccountName"],
    [{ ...ref, podSpecPatch: "{}" }, "ENGINE_FIELD_RESTRICTED", "podSpecPatch"],
    [{ ...ref, templates: [] }, "ENGINE_FIELD_RESTRICTED", "templates"],
    [{ ...ref, artifactGC: { podSpecPatch: "{}" } }, "ENGINE_FIELD_RESTRICTED", "artifactGC.podSpecPatch"],
  ])("refuses %o", (spec, code, text) => {
    const found = refusal(spec as Partial<WorkflowSpec>);

    expect(found).toMatchObject({ code });
    expect(found?.message).toContain(text);
  });

  test("takes further fields that a setting names", () => {
    const policy = { templateReferencing: "Secure", overridable: ["nodeSelector"] } as const;

    expect(refusal({ ...ref, nodeSelector: {} }, policy)).toBeUndefined();
    expect(refusal({ ...ref, hostNetwork: true }, policy)).toMatchObject({ code: "ENGINE_FIELD_RESTRICTED" });
  });
});
