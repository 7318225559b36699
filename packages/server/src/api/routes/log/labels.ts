import { isObject } from "@sluice/base";
import type { WorkflowNode, WorkflowObject } from "@sluice/engine";

/** The labels of a step's pod, wherever it runs: those of the engine, of podMetadata and of its template. */
export function labelsOfStep(
  workflow: WorkflowObject,
  node: WorkflowNode | undefined,
): Readonly<Record<string, string>> {
  const { spec, status } = workflow;
  const stored = status["storedWorkflowTemplateSpec"];
  const specs = [stored, spec].filter(isObject);
  return {
    "workflows.argoproj.io/workflow": workflow.metadata.name,
    "workflows.argoproj.io/completed": String(node !== undefined && node["finishedAt"] !== null),
    ...Object.assign({}, ...specs.map((one) => labelsIn(one["podMetadata"]))),
    ...labelsIn(isObject(node) ? templateOf(workflow, node, specs)?.["metadata"] : undefined),
  };
}

function templateOf(
  workflow: WorkflowObject,
  node: WorkflowNode,
  specs: readonly Record<string, unknown>[],
): Record<string, unknown> | undefined {
  const ref = node["templateRef"];
  const templates = isObject(ref)
    ? Object.entries(mapOf(workflow.status["storedTemplates"])).flatMap(([key, template]) =>
        key.endsWith(`/${String(ref["name"])}/${String(ref["template"])}`) ? [template] : [],
      )
    : specs.flatMap((spec) => (Array.isArray(spec["templates"]) ? spec["templates"] : []));
  const name = isObject(ref) ? ref["template"] : node["templateName"];
  return templates.filter(isObject).find((template) => template["name"] === name);
}

const mapOf = (value: unknown): Record<string, unknown> => (isObject(value) ? value : {});

function labelsIn(metadata: unknown): Record<string, string> {
  const labels = isObject(metadata) ? metadata["labels"] : undefined;
  if (!isObject(labels)) return {};
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]));
}
