/** A Workflow object in Argo's shape: plain JSON. */
export interface WorkflowObject {
  readonly apiVersion: "argoproj.io/v1alpha1";
  readonly kind: "Workflow";
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    /** RFC 3339. */
    readonly creationTimestamp: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: unknown;
  readonly status: Readonly<Record<string, unknown>> & {
    readonly phase: string;
    readonly message?: string;
    readonly startedAt: string | null;
    readonly finishedAt: string | null;
    readonly progress: string;
    readonly nodes: Readonly<Record<string, WorkflowNode>>;
  };
}
export type WorkflowNode = Readonly<Record<string, unknown>> & {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly type: string;
  readonly phase: string;
};
