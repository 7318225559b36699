import { WorkflowEventBinding } from "@sluice/spec";
import { describe, expect, test } from "vitest";
import { compileBinding, type EventInHand } from "./binding.ts";

const binding = (selector: string, submit?: object) =>
  compileBinding(
    WorkflowEventBinding.parse({
      apiVersion: "argoproj.io/v1alpha1",
      kind: "WorkflowEventBinding",
      metadata: { name: "on-push" },
      spec: { event: { selector }, ...(submit === undefined ? {} : { submit }) },
    }),
    "ci",
  );
const event: EventInHand = {
  id: "e1",
  namespace: "ci",
  receivedAt: 1_700_000_000_000,
  data: {
    payload: { message: "{{workflow.name}} hi", commits: [{ added: ["a"], modified: ["b"] }, {}], n: 3 },
    metadata: { "x-kind": ["push"] },
    discriminator: "github",
  },
};

describe("a selector", () => {
  test("sees payload, headers, discriminator and namespace", () => {
    const takes = (selector: string) => binding(selector).takes(event);
    expect(
      takes('payload.message != "" && metadata["x-kind"] == ["push"] && discriminator == "github"'),
    ).toBe(true);
    expect(takes('namespace == "ci"')).toBe(true);
    expect(takes("payload.n > 3")).toBe(false);
  });

  test("that is neither true nor false is an error that says so", () => {
    expect(() => binding("payload.n").takes(event)).toThrow(
      "WorkflowEventBinding 'on-push': the selector is neither true nor false, but 3",
    );
  });
});

test("a workflow refers to the template, with values from the event as data", () => {
  const workflow = binding("true", {
    workflowTemplateRef: { name: "build" },
    metadata: { labels: { by: "discriminator" }, generateName: "string(payload.n) + '-'" },
    arguments: {
      parameters: [
        { name: "message", valueFrom: { event: "payload.message" } },
        {
          name: "files",
          valueFrom: { event: "concat(payload.commits[0].added, payload.commits[0].modified)" },
        },
        { name: "fixed", value: "x" },
      ],
    },
  }).workflowFor(event);

  expect(workflow).toMatchObject({
    metadata: { labels: { by: "github", "workflows.argoproj.io/workflow-event-binding": "on-push" } },
    spec: {
      workflowTemplateRef: { name: "build" },
      arguments: {
        parameters: [
          { name: "message", value: "{{workflow.name}} hi" },
          { name: "files", value: '["a","b"]' },
          { name: "fixed", value: "x" },
        ],
      },
    },
  });
  expect(binding("true").workflowFor(event)).toBeUndefined();
});
