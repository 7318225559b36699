// What happened to a workflow, as Kubernetes events in Argo's words: derived from the object, so that each look at the
// same run gives the same events.
import { fnv32a } from "@sluice/base";
import type { WorkflowNode, WorkflowObject } from "@sluice/engine";

/** A Kubernetes event (core/v1). */
export interface Happening {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly creationTimestamp: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly involvedObject: {
    readonly kind: "Workflow";
    readonly namespace: string;
    readonly name: string;
    readonly uid: string;
  };
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
  readonly firstTimestamp: string;
  readonly lastTimestamp: string;
  readonly count: 1;
  readonly source: { readonly component: "workflow-controller" };
}

interface Told {
  readonly reason: string;
  readonly message: string;
  readonly at: string;
  readonly node?: WorkflowNode;
}

const ended: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Error"]);
const leaves: ReadonlySet<string> = new Set(["Pod", "HTTP"]);
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");

/** All that has happened so far, in its order: the run begins, its leaves begin and end, the run ends. */
export function happeningsOf(workflow: WorkflowObject): readonly Happening[] {
  const { status } = workflow;
  const told: Told[] = [];
  const startedAt = textOf(status["startedAt"]);
  if (startedAt !== "") told.push({ reason: "WorkflowRunning", message: "Workflow Running", at: startedAt });
  const nodes = Object.values(status.nodes).filter(({ type }) => leaves.has(type));
  told.push(...nodes.flatMap(ofNode).sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)));
  const finishedAt = textOf(status.finishedAt);
  if (finishedAt !== "" && ended.has(status.phase))
    told.push({
      reason: `Workflow${status.phase}`,
      message: textOf(status["message"]) || "Workflow completed",
      at: finishedAt,
    });
  return told.map((one) => happening(workflow, one));
}

/** Argo's words: `Running node NAME`, `Failed node NAME: MESSAGE`. */
function ofNode(node: WorkflowNode): Told[] {
  const { phase, name } = node;
  const startedAt = textOf(node["startedAt"]);
  const finishedAt = textOf(node["finishedAt"]);
  if (phase === "Pending" || startedAt === "") return [];
  const begun: Told = { reason: "WorkflowNodeRunning", message: `Running node ${name}`, at: startedAt, node };
  if (finishedAt === "" || !ended.has(phase)) return [begun];
  const message = textOf(node["message"]);
  const text = `${phase} node ${name}${message === "" ? "" : `: ${message}`}`;
  return [begun, { reason: `WorkflowNode${phase}`, message: text, at: finishedAt, node }];
}

function happening({ metadata }: WorkflowObject, { reason, message, at, node }: Told): Happening {
  const { namespace, name, uid } = metadata;
  return {
    metadata: {
      name: `${name}.${fnv32a(`${uid}/${node?.id ?? ""}/${reason}`).toString(16)}`,
      namespace,
      creationTimestamp: at,
      ...(node === undefined
        ? {}
        : {
            annotations: {
              "workflows.argoproj.io/node-type": node.type,
              "workflows.argoproj.io/node-name": node.name,
              "workflows.argoproj.io/node-id": node.id,
            },
          }),
    },
    involvedObject: { kind: "Workflow", namespace, name, uid },
    type: /(Failed|Error)$/.test(reason) ? "Warning" : "Normal",
    reason,
    message,
    firstTimestamp: at,
    lastTimestamp: at,
    count: 1,
    source: { component: "workflow-controller" },
  };
}
