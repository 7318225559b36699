export type TemplateKind = "WorkflowTemplate" | "ClusterWorkflowTemplate";

export interface TemplateObject {
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly creationTimestamp?: string;
  };
  readonly spec: {
    readonly entrypoint?: string;
    readonly templates?: readonly unknown[];
    readonly arguments?: { readonly parameters?: readonly Asked[] };
  };
}

/** A parameter that whoever submits gives. */
export interface Asked {
  readonly name: string;
  readonly value?: string;
  readonly default?: string;
  readonly enum?: readonly string[];
  readonly description?: string;
}

/** Where templates of a kind lie in the API; without a namespace those of all of them. */
export const templatesPath = (kind: TemplateKind, namespace: string | undefined): string =>
  kind === "ClusterWorkflowTemplate"
    ? "/api/v1/cluster-workflow-templates"
    : `/api/v1/workflow-templates${namespace === undefined ? "" : `/${encodeURIComponent(namespace)}`}`;
