import { type RunSubmitted, runIdentity, type Template, Workflow, type WorkflowSpec } from "@sluice/spec";

/** A template that runs `sh`; its text is never run by the fakes. */
export const shTemplate = (name: string, more: Partial<Template> = {}): Template => ({
  name,
  container: { image: "alpine", command: ["sh", "-c"], args: ["true"] },
  ...more,
});

/** A workflow named "wf" in "default", checked by the schema. Without templates: one container, `main`. */
export function aWorkflow(spec: Partial<WorkflowSpec> = {}, name = "wf"): Workflow {
  return Workflow.parse({
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: { name, namespace: "default" },
    spec: { entrypoint: "main", templates: [shTemplate("main")], ...spec },
  });
}

/** The first fact of a run of it. */
export function submission(workflow: Workflow, at = 1_700_000_000_000): RunSubmitted {
  const namespace = workflow.metadata.namespace ?? "default";
  const { uid, name } = runIdentity(workflow.metadata, `test-${workflow.metadata.name ?? ""}`);
  return {
    type: "submitted",
    at,
    uid,
    name,
    namespace,
    workflow,
    by: { kind: "api", user: "tester" },
    causes: [],
    traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  };
}
