// What a run that is over gives to the one that goes on in its place, or repeats it. Pure: from the object that lists
// show to the results that are taken over and the manifest that is run.
import type { Reuse, ReusedNode, Workflow } from "@sluice/spec";
import { EngineError } from "../errors.ts";
import type { WorkflowNode, WorkflowObject } from "../project/workflow.ts";
import { type NodeSelector, parseSelector } from "../run/selector.ts";
import type { Node } from "../run/state/node.ts";

export interface RetryOptions {
  /** Values for workflow parameters, by name. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** With a selector: nodes that succeeded and match run again, with all that came after them. */
  readonly restartSuccessful?: boolean;
  readonly nodeFieldSelector?: string;
}

type SeenNode = WorkflowNode & {
  readonly children?: readonly string[];
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly message?: string;
  readonly podName?: string;
  readonly hostNodeName?: string;
  readonly daemoned?: boolean;
  readonly outputs?: ReusedNode["outputs"];
  readonly inputs?: { readonly parameters?: readonly { readonly name: string; readonly value?: string }[] };
};

/** Errors: ENGINE_RETRY_REFUSED for a run that may not be tried again, ENGINE_SELECTOR_INVALID. */
export function retryOf(object: WorkflowObject, options: RetryOptions): Reuse["nodes"] {
  const { phase } = object.status;
  const { namespace, name } = object.metadata;
  const restarts = options.restartSuccessful === true && (options.nodeFieldSelector ?? "") !== "";
  if (phase === "Succeeded" && !restarts)
    throw EngineError.RETRY_REFUSED({
      namespace,
      name,
      reason: "To retry a succeeded workflow, set the options restartSuccessful and nodeFieldSelector",
    });
  if (!["Succeeded", "Failed", "Error"].includes(phase))
    throw EngineError.RETRY_REFUSED({ namespace, name, reason: `Cannot retry a workflow in phase ${phase}` });
  return reusable(object, restarts ? parseSelector(options.nodeFieldSelector ?? "") : undefined);
}

/** Errors: ENGINE_RETRY_REFUSED for a memoized repeat of what did not fail. */
export function resubmitOf(object: WorkflowObject): Reuse["nodes"] {
  const { phase } = object.status;
  const { namespace, name } = object.metadata;
  if (phase !== "Failed" && phase !== "Error")
    throw EngineError.RETRY_REFUSED({
      namespace,
      name,
      reason: `workflow must be Failed/Error to resubmit in memoized mode, it is ${phase}`,
    });
  return reusable(object, undefined);
}

const leafTypes: ReadonlySet<string> = new Set(["Pod", "HTTP", "Suspend", "Retry", "Skipped"]);

/** Leaves that went well, but for those that come after one that is done again, and the workflow's exit handler. */
function reusable(object: WorkflowObject, selector: NodeSelector | undefined): Reuse["nodes"] {
  const nodes = object.status.nodes as unknown as Readonly<Record<string, SeenNode>>;
  const { name } = object.metadata;
  const again = Object.values(nodes).filter((node) => isLeaf(node, nodes) && isAgain(node, selector));
  const reset = reachable(nodes, again);
  const kept: Record<string, ReusedNode> = {};
  for (const node of Object.values(nodes)) {
    const isExit = node.name.startsWith(`${name}.onExit`) || node.name.startsWith(`${name}.hooks.`);
    if (isExit || reset.has(node.id) || !node.name.startsWith(name)) continue;
    if (node.daemoned === true || !isLeaf(node, nodes) || !isGood(node)) continue;
    kept[node.name.slice(name.length)] = reusedNode(node);
  }
  return kept;
}

/** What was skipped because of a `when` is asked again; what stands for an earlier run's pod is a result. */
const isGood = (node: SeenNode): boolean =>
  node.type === "Skipped" ? isOriginal(node) : node.phase === "Succeeded";
const isOriginal = (node: SeenNode): boolean => node.message?.startsWith("original pod: ") === true;

/** A Retry node counts as a leaf when its attempts are: one of steps or a dag is gone through again. */
function isLeaf(node: SeenNode, nodes: Readonly<Record<string, SeenNode>>): boolean {
  if (!leafTypes.has(node.type)) return false;
  if (node.type !== "Retry") return true;
  const attempts = (node.children ?? []).flatMap((id) => nodes[id] ?? []);
  return attempts.every((child) => child.type !== "Steps" && child.type !== "DAG");
}

function isAgain(node: SeenNode, selector: NodeSelector | undefined): boolean {
  if (node.type === "Skipped" && !isOriginal(node)) return false;
  return !isGood(node) || selector?.matches(nodeOf(node)) === true;
}

const nodeOf = (node: SeenNode): Node => ({ ...node, inputs: node.inputs?.parameters }) as unknown as Node;

/** The nodes, and all that the graph has behind them. */
function reachable(
  nodes: Readonly<Record<string, SeenNode>>,
  from: readonly SeenNode[],
): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = from.map((node) => node.id);
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    open.push(...(nodes[id]?.children ?? []));
  }
  return seen;
}

function reusedNode(node: SeenNode): ReusedNode {
  const { type, message, podName, hostNodeName, outputs } = node;
  return {
    type,
    phase: node.phase === "Skipped" ? "Skipped" : "Succeeded",
    startedAt: Date.parse(node.startedAt),
    finishedAt: Date.parse(node.finishedAt ?? node.startedAt),
    podName: podName ?? node.id,
    ...(message === undefined ? {} : { message }),
    ...(hostNodeName === undefined ? {} : { hostNodeName }),
    ...(outputs === undefined ? {} : { outputs }),
  };
}

const maintained =
  /^workflows\.argoproj\.io\/(phase|completed|creator|creator-email|workflow-archiving-status)$/;

/** The manifest as it was run, with other parameters. */
export function manifestOf(
  object: WorkflowObject,
  parameters: Readonly<Record<string, string>> = {},
): Workflow {
  const { name, namespace, generateName, annotations } = object.metadata as Record<string, never> &
    WorkflowObject["metadata"] & {
      readonly generateName?: string;
      readonly annotations?: Record<string, string>;
    };
  const { shutdown: _shutdown, suspend, ...spec } = object.spec as Workflow["spec"];
  const labels = Object.fromEntries(
    Object.entries(object.metadata.labels).filter(([label]) => !maintained.test(label)),
  );
  const given = new Set(Object.keys(parameters));
  const before = (spec.arguments?.parameters ?? []).map(({ valueFrom, ...p }) =>
    given.has(p.name)
      ? { ...p, value: parameters[p.name] ?? "" }
      : valueFrom === undefined
        ? p
        : { ...p, valueFrom },
  );
  const known = new Set(before.map((p) => p.name));
  const added = [...given].filter((p) => !known.has(p)).map((p) => ({ name: p, value: parameters[p] ?? "" }));
  const all = [...before, ...added];
  return {
    apiVersion: "argoproj.io/v1alpha1",
    kind: "Workflow",
    metadata: {
      name,
      namespace,
      labels,
      ...(generateName === undefined ? {} : { generateName }),
      ...(annotations === undefined ? {} : { annotations }),
    },
    spec: {
      ...spec,
      ...(suspend === true && _shutdown === undefined && object.status.phase === "Pending"
        ? { suspend }
        : {}),
      ...(all.length === 0 ? {} : { arguments: { ...spec.arguments, parameters: all } }),
    },
  };
}
