// Which nodes of a run that is over are taken over by the one that goes on in its place, or repeats it.
import type { Reuse, ReusedContainer, ReusedNode } from "@sluice/spec";
import type { WorkflowNode, WorkflowObject } from "../../project/workflow-object.ts";
import type { NodeSelector } from "../../run/selector.ts";
import { isBad, type Node, type NodePhase } from "../../run/state/node.ts";

type SeenNode = WorkflowNode & {
  readonly children?: readonly string[];
  readonly boundaryID?: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly message?: string;
  readonly podName?: string;
  readonly hostNodeName?: string;
  /** It was a daemon. */
  readonly podIP?: string;
  readonly nodeFlag?: { readonly hooked?: boolean; readonly retried?: boolean };
  readonly templateRef?: { readonly template?: string };
  readonly outputs?: ReusedNode["outputs"];
  readonly resourcesDuration?: ReusedNode["resourcesDuration"];
  readonly progress?: string;
  readonly inputs?: { readonly parameters?: readonly { readonly name: string; readonly value?: string }[] };
};

interface Wanted {
  /** These run again however they ended. */
  readonly selector: NodeSelector | undefined;
  /** Whether a failure that did not keep later nodes from going well stays as it is. */
  readonly forgives: boolean;
}

/**
 * Leaves that need not run again, by name behind the run's own: all but those that failed or are asked for, what comes
 * after these, and the handlers of the workflow itself.
 */
export function reusable(object: WorkflowObject, { selector, forgives }: Wanted): Reuse["nodes"] {
  const graph = new Graph(object);
  const leaves = graph.own.filter((node) => graph.isLeaf(node));
  const asked = graph.own
    .filter((node) => selector?.matches(nodeOf(node)) === true)
    .map((node) => graph.wholeOf(node));
  const bad = leaves.filter((node) => isBad(phaseOf(node)));
  const passed = forgives ? graph.before(graph.reachable(asked)) : new Set();
  const failed = bad.filter((node) => !passed.has(node.id) && !(forgives && graph.wasRetried(node)));
  // When all that failed was forgiven, and the run failed all the same, it is not what failed that can stay.
  const again = asked.length + failed.length === 0 ? bad : failed;
  const reset = graph.reachable([...asked, ...again]);

  // Daemons of a template in which something runs again are needed again, although they ended well.
  const scopes = graph.around(reset);
  const isNeeded = (node: SeenNode) => node.podIP !== undefined && scopes.has(node.boundaryID ?? "");

  const kept: Record<string, ReusedNode> = {};
  for (const node of leaves)
    if (!reset.has(node.id) && !isNeeded(node) && isResult(node))
      kept[node.name.slice(object.metadata.name.length)] = graph.reusedNode(node);
  return kept;
}

const leafTypes: ReadonlySet<string> = new Set(["Pod", "HTTP", "Suspend", "Retry", "Skipped"]);

const phaseOf = (node: SeenNode): NodePhase => node.phase as NodePhase;

/** What was skipped because of a `when` is asked again; what stands for an earlier run's pod is a result. */
const isResult = (node: SeenNode): boolean =>
  node.type === "Skipped" && !isBad(phaseOf(node))
    ? node.message?.startsWith("original pod: ") === true
    : node.phase === "Succeeded" || isBad(phaseOf(node));

const nodeOf = (node: SeenNode): Node =>
  ({
    ...node,
    templateName: node.templateName ?? node.templateRef?.template ?? "",
    inputs: node.inputs?.parameters,
  }) as unknown as Node;

/** The nodes of a run, and how they hang together. */
class Graph {
  /** All but the handlers of the workflow itself. */
  readonly own: readonly SeenNode[];
  readonly #nodes: ReadonlyMap<string, SeenNode>;
  /** By the id of an attempt. */
  readonly #retries = new Map<string, SeenNode>();
  /** By the id of their pod. */
  readonly #containers = new Map<string, SeenNode[]>();

  constructor(object: WorkflowObject) {
    const all = Object.values(object.status.nodes) as unknown as readonly SeenNode[];
    const { name } = object.metadata;
    this.#nodes = new Map(all.map((node) => [node.id, node]));
    this.own = all.filter(
      (node) =>
        node.name.startsWith(name) &&
        !node.name.startsWith(`${name}.onExit`) &&
        !node.name.startsWith(`${name}.hooks.`),
    );
    for (const node of all) {
      if (node.type === "Retry")
        for (const attempt of this.#attemptsOf(node)) this.#retries.set(attempt.id, node);
      if (node.type !== "Container" || node.boundaryID === undefined) continue;
      const containers = this.#containers.get(node.boundaryID) ?? [];
      this.#containers.set(node.boundaryID, containers);
      containers.push(node);
    }
  }

  /** A Retry node counts as a leaf when its attempts are: one of steps or a dag is gone through again. */
  isLeaf(node: SeenNode): boolean {
    if (!leafTypes.has(node.type) || this.#retries.has(node.id)) return false;
    return node.type !== "Retry" || this.#attemptsOf(node).every(({ type }) => leafTypes.has(type));
  }

  /** A container runs again with its pod, an attempt with its Retry node. */
  wholeOf(node: SeenNode): SeenNode {
    const pod = node.type === "Container" ? (this.#nodes.get(node.boundaryID ?? "") ?? node) : node;
    return this.#retries.get(pod.id) ?? pod;
  }

  /** Whether it lies in an attempt that failed, and a later one went well. */
  wasRetried(node: SeenNode): boolean {
    for (let id = node.boundaryID; id !== undefined; id = this.#nodes.get(id)?.boundaryID)
      if (this.#retries.get(id)?.phase === "Succeeded" && this.#nodes.get(id)?.phase !== "Succeeded")
        return true;
    return false;
  }

  /** The nodes, and all that is behind them. */
  reachable(from: readonly SeenNode[]): ReadonlySet<string> {
    return closure(
      from.map(({ id }) => id),
      (id) => this.#nodes.get(id)?.children ?? [],
    );
  }

  /** The templates in which one of these nodes lies, however deep; "" is outside of them all. */
  around(ids: ReadonlySet<string>): ReadonlySet<string> {
    const scopeOf = (id: string) => this.#nodes.get(id)?.boundaryID ?? "";
    return closure([...ids].map(scopeOf), (id) => [scopeOf(id)]);
  }

  /** The nodes behind which another went well and stays; their own parts and their hooks do not count. */
  before(gone: ReadonlySet<string>): ReadonlySet<string> {
    const parents = new Map<string, string[]>();
    const counted = this.own.filter((node) => node.nodeFlag?.hooked !== true);
    const ids = new Set(counted.map(({ id }) => id));
    for (const { id, children = [] } of counted)
      for (const child of children) {
        if (!ids.has(child)) continue;
        const known = parents.get(child);
        if (known === undefined) parents.set(child, [id]);
        else known.push(id);
      }
    const parentsOf = (id: string): readonly string[] => parents.get(id) ?? [];
    const good = counted.filter(
      (node) => node.phase === "Succeeded" && node.type !== "Container" && !gone.has(node.id),
    );
    return closure(
      good.flatMap(({ id }) => parentsOf(id)),
      parentsOf,
    );
  }

  reusedNode(node: SeenNode): ReusedNode {
    const { type, message, podName, hostNodeName, podIP, outputs, resourcesDuration, progress } = node;
    const attempts = type === "Retry" ? this.#attemptsOf(node) : [];
    const containers = this.#containers.get(node.id) ?? [];
    return {
      type,
      phase: node.phase as ReusedNode["phase"],
      ...timesOf(node),
      podName: podName ?? node.id,
      ...(message === undefined ? {} : { message }),
      ...(hostNodeName === undefined ? {} : { hostNodeName }),
      ...(podIP === undefined ? {} : { podIP }),
      ...(outputs === undefined ? {} : { outputs }),
      ...(type === "Retry" || resourcesDuration === undefined ? {} : { resourcesDuration }),
      ...(type !== "Pod" || progress === undefined ? {} : { progress }),
      ...(attempts.length === 0 ? {} : { attempts: attempts.map((attempt) => this.reusedNode(attempt)) }),
      ...(containers.length === 0 ? {} : { containers: containers.map((c) => reusedContainer(c, node)) }),
    };
  }

  #attemptsOf(node: SeenNode): readonly SeenNode[] {
    const children = (node.children ?? []).flatMap((id) => this.#nodes.get(id) ?? []);
    return children.filter((child) => child.nodeFlag?.retried === true);
  }
}

function closure(from: readonly string[], next: (id: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...from];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id)) continue;
    seen.add(id);
    for (const other of next(id)) open.push(other);
  }
  return seen;
}

function reusedContainer(node: SeenNode, pod: SeenNode): ReusedContainer {
  const { message, outputs } = node;
  return {
    name: node.name.slice(pod.name.length + 1),
    phase: node.phase as ReusedContainer["phase"],
    ...timesOf(node),
    ...(message === undefined ? {} : { message }),
    ...(outputs?.exitCode === undefined ? {} : { exitCode: Number(outputs.exitCode) }),
  };
}

const timesOf = ({ startedAt, finishedAt }: SeenNode) => ({
  startedAt: Date.parse(startedAt),
  finishedAt: Date.parse(finishedAt ?? startedAt),
});
