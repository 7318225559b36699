import type { WorkflowSpec } from "@sluice/spec";

/** A ConfigMap's texts and labels. */
export interface ConfigMapContent {
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
}

/** Where a template lies: in a namespace, or (`undefined`) in none. */
export interface TemplatePlace {
  readonly namespace: string | undefined;
  readonly name: string;
}

/**
 * What is applied outside of a run, as it is at the moment of the look. Undefined = there is none of that name.
 * Errors with retry class `later` are tried again; any other ends the run that asked.
 */
export interface Definitions {
  /** The spec of a WorkflowTemplate, or of a ClusterWorkflowTemplate for a place without a namespace. */
  template(place: TemplatePlace): Promise<WorkflowSpec | undefined>;
  configMap(namespace: string, name: string): Promise<ConfigMapContent | undefined>;
}

/** Where nothing is applied. */
export const noDefinitions: Definitions = {
  template: () => Promise.resolve(undefined),
  configMap: () => Promise.resolve(undefined),
};
