// The workflow object as the API gives it: the parts of Argo's shape that the CLI shows.

export interface NodeStatus {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly type: string;
  readonly phase: string;
  readonly templateName?: string;
  readonly templateRef?: { readonly name?: string; readonly template?: string };
  readonly boundaryID?: string;
  readonly message?: string;
  readonly startedAt?: string | null;
  readonly finishedAt?: string | null;
  readonly progress?: string;
  /** Whole seconds. */
  readonly estimatedDuration?: number;
  readonly children?: readonly string[];
  readonly outputs?: NodeOutputs;
  readonly inputs?: { readonly parameters?: readonly NamedValue[] };
  readonly nodeFlag?: { readonly retried?: boolean; readonly hooked?: boolean };
}

export interface NamedValue {
  readonly name: string;
  readonly value?: string;
}

export interface NodeOutputs {
  readonly result?: string;
  readonly exitCode?: string;
  readonly parameters?: readonly NamedValue[];
}

export interface WorkflowObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid?: string;
    readonly creationTimestamp?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec: {
    readonly entrypoint?: string;
    readonly arguments?: { readonly parameters?: readonly NamedValue[] };
    readonly suspend?: boolean;
    readonly priority?: number;
    readonly serviceAccountName?: string;
  };
  readonly status?: {
    readonly phase?: string;
    readonly message?: string;
    readonly startedAt?: string | null;
    /** `null` while it runs. */
    readonly finishedAt?: string | null;
    readonly progress?: string;
    /** Whole seconds. */
    readonly estimatedDuration?: number;
    readonly nodes?: Readonly<Record<string, NodeStatus>>;
    readonly outputs?: NodeOutputs;
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly message?: string;
    }[];
  };
}

export type WatchEvent = { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: WorkflowObject };

export const phaseOf = (workflow: WorkflowObject): string => workflow.status?.phase ?? "Pending";

export const isFinished = (workflow: WorkflowObject): boolean =>
  ["Succeeded", "Failed", "Error"].includes(phaseOf(workflow));

/** What a workflow gives: its exported (global) outputs, and those of its entrypoint. */
export function outputsOf(workflow: WorkflowObject): readonly NamedValue[] {
  const root = Object.values(workflow.status?.nodes ?? {}).find(
    (node) => node.name === workflow.metadata.name,
  );
  const all = [...(workflow.status?.outputs?.parameters ?? []), ...(root?.outputs?.parameters ?? [])];
  return all.filter((output, at) => all.findIndex((other) => other.name === output.name) === at);
}
