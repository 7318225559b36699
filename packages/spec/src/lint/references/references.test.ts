import { describe, expect, it } from "vitest";
import { loadManifests } from "../../manifest.ts";
import { lintManifests } from "../index.ts";
import { knownTemplates, noTemplates } from "./known.ts";

const library = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: lib, namespace: ci }
spec:
  templates:
    - name: outer
      steps: [[{ name: in, template: inner }], [{ name: again, template: outer, when: "1 == 2" }]]
    - name: inner
      container: { image: busybox, command: [echo, "{{workflow.parameters.who}}"] }
`;
const workflow = (spec: string, namespace = "ci"): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { name: w, namespace: ${namespace} }
spec:
  entrypoint: main
${spec}`;
const using = (template: string): string =>
  `  templates:\n  - name: main\n    steps: [[{ name: a, templateRef: { name: lib, template: ${template} } }]]\n`;

const lint = (...texts: readonly string[]) => {
  const { manifests } = loadManifests(texts.join("---"));
  return lintManifests(manifests).map(({ severity, path, message }) => `${severity} ${path}: ${message}`);
};

describe("references among the files", () => {
  it("are found by name and namespace, in any order of the files", () => {
    const args = "  arguments: { parameters: [{ name: who, value: x }] }\n";

    expect(lint(workflow(args + using("outer")), library)).toEqual([]);
    expect(lint(workflow(args + using("outer"), "other"), library)).toEqual([
      "warning spec.templates[0].steps[0][0].templateRef.name: templates.main.steps[0].a template reference lib.outer not found: WorkflowTemplate 'lib' is not known here, so nothing of it is checked",
    ]);
  });

  it("to a workflow parameter that is not there are found through the templates behind", () => {
    expect(lint(workflow(using("outer")), library)).toEqual([
      "error spec.templates[0].steps[0][0].templateRef: failed to resolve {{workflow.parameters.who}} of template 'inner', which is used here",
    ]);
  });

  it("to nothing are errors where all that is applied is known", () => {
    const { manifests } = loadManifests(workflow(using("outer")));

    const known = knownTemplates([], "default", { ...noTemplates, complete: true });

    expect(lintManifests(manifests, { known })).toMatchObject([
      {
        severity: "error",
        code: "SPEC_REFERENCE",
        hint: "apply a WorkflowTemplate 'lib' first: sluice template create FILE",
      },
    ]);
  });

  it("that say half of what they mean are errors", () => {
    const half =
      "  templates:\n  - name: main\n    steps: [[{ name: a, templateRef: { name: lib } }], [{ name: b, template: main, templateRef: { name: lib, template: inner } }]]\n";

    expect(lint(workflow(half), library).filter((line) => line.startsWith("error"))).toEqual([
      "error spec.templates[0].steps[0][0].templateRef: templates.main.steps[0].a template name is required",
      expect.stringContaining("template name cannot be specified with templateRef"),
      expect.stringContaining("failed to resolve {{workflow.parameters.who}}"),
    ]);
  });
});

describe("what a workflow brings to the templates that it refers to", () => {
  const reader = `
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: { name: reader, namespace: ci, labels: { team: blue } }
spec:
  entrypoint: read
  arguments: { parameters: [{ name: size }, { name: color, value: red }] }
  workflowMetadata: { annotations: { owner: me } }
  templates:
    - name: read
      container:
        image: busybox
        args: ["{{workflow.labels.team}} {{workflow.annotations.owner}} {{workflow.parameters.color}}", "{{workflow.labels.workflows.argoproj.io/phase}}"]
    - name: choose
      inputs: { parameters: [{ name: which }] }
      steps: [[{ name: a, templateRef: { name: lib, template: "{{inputs.parameters.which}}" } }]]
`;
  const referring = (metadata: string, args: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: { name: w, namespace: ci${metadata} }
spec:
  workflowTemplateRef: { name: reader }
${args}`;
  const size = "  arguments: { parameters: [{ name: size, value: 3 }] }\n";

  it("is its labels, its arguments and what the workflowTemplateRef adds", () => {
    expect(lint(referring(", labels: { team: red }", size), reader, library)).toEqual([]);
  });

  it("is not the labels of the WorkflowTemplate itself, nor arguments without a value", () => {
    expect(lint(referring("", ""), reader, library)).toEqual([
      "error spec.workflowTemplateRef: failed to resolve {{workflow.labels.team}} of template 'read', which is used here",
      "error spec.workflowTemplateRef.name: spec.arguments.size.value or spec.arguments.size.valueFrom is required",
    ]);
  });

  it("is nothing of a WorkflowTemplate of which one template is used", () => {
    const one =
      "  templates:\n  - name: main\n    steps: [[{ name: a, templateRef: { name: reader, template: read } }]]\n";
    expect(lint(workflow(one), reader, library)).toEqual([
      expect.stringContaining("failed to resolve {{workflow.labels.team}} of template 'read'"),
      expect.stringContaining("failed to resolve {{workflow.annotations.owner}} of template 'read'"),
      expect.stringContaining("failed to resolve {{workflow.parameters.color}} of template 'read'"),
    ]);
  });
});
