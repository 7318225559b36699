import { localScope } from "../../definitions/library.ts";
import { EngineError } from "../../errors.ts";
import type { Boundary, Call } from "./frames.ts";
import { displayName, isFulfilled, type Node, type NodePhase, type NodeType, nodeId } from "./node.ts";
import type { Run } from "./run.ts";

interface NewNode {
  readonly name: string;
  readonly type: NodeType;
  readonly phase: NodePhase;
  readonly templateName: string;
  readonly templateRef?: Node["templateRef"];
  /** Inside which node it is shown. */
  readonly boundary: Pick<Boundary, "node" | "unit"> | undefined;
  readonly message?: string | undefined;
  readonly hooked?: boolean;
  readonly retried?: boolean;
}

/** Adds a node. Errors: ENGINE_LIMIT when the run has too many. */
export function addNode(run: Run, from: NewNode): Node {
  if (run.nodes.size >= run.limits.maxNodes)
    throw EngineError.LIMIT({ what: "the number of nodes", max: run.limits.maxNodes });
  const scope = from.boundary?.unit.shape.scope;
  const node: Node = {
    id: freeId(run, from.name),
    name: from.name,
    displayName: displayName(from.name, from.boundary?.node.name),
    type: from.type,
    templateName: from.templateName,
    phase: from.phase,
    startedAt: run.now,
    children: [],
    ...(from.boundary === undefined ? {} : { boundaryId: from.boundary.node.id }),
    ...(from.templateRef === undefined ? {} : { templateRef: from.templateRef }),
    ...(scope === undefined || scope === localScope ? {} : { templateScope: scope }),
    ...(from.message === undefined ? {} : { message: from.message }),
    ...(from.hooked === true ? { hooked: true } : {}),
    ...(from.retried === true ? { retried: true } : {}),
  };
  if (isFulfilled(node)) node.finishedAt = run.now;
  run.nodes.set(node.id, node);
  return node;
}

/** Two names of one run may have the same 32-bit hash: the later one gets a number behind it. */
function freeId(run: Run, name: string): string {
  const id = nodeId(run.key.name, name);
  if (!run.nodes.has(id)) return id;
  for (let n = 2; ; n++) if (!run.nodes.has(`${id}-${n}`)) return `${id}-${n}`;
}

/** Ends a node, once (R4). */
export function endNode(run: Run, node: Node, phase: NodePhase, message?: string): void {
  if (isFulfilled(node)) return;
  node.phase = phase;
  node.finishedAt = run.now;
  if (message === undefined) delete node.message;
  else node.message = message;
}

/** Links are made when the child is, so that a repeat can only be of the last one. */
export function addChild(parent: Node, child: Node): void {
  if (parent.children.at(-1) !== child.id) parent.children.push(child.id);
}

/** The nodes behind which what comes next in the graph is drawn. */
export function outboundOf(run: Run, node: Node): readonly string[] {
  if (node.type === "Steps" || node.type === "DAG") return node.outboundNodes ?? [];
  if (node.type === "Pod") return node.outboundNodes ?? [node.id];
  const real = node.children.filter((id) => run.nodes.get(id)?.hooked !== true);
  if (node.type === "Retry") {
    const last = real.at(-1);
    return last === undefined ? [node.id] : [last];
  }
  if (node.type !== "TaskGroup" || real.length === 0) return [node.id];
  return real.flatMap((id) => {
    const child = run.nodes.get(id);
    return child === undefined ? [] : outboundOf(run, child);
  });
}

/** Links `node` behind the outbound nodes of `before`. */
export function linkBehind(run: Run, before: readonly Node[], node: Node): void {
  for (const previous of before)
    for (const id of outboundOf(run, previous)) {
      const parent = run.nodes.get(id);
      if (parent !== undefined && parent !== node) addChild(parent, node);
    }
}

/** A node that stands for a call that could not be made. */
export function addFailedCall(run: Run, call: Call, message: string): Node {
  return addNode(run, {
    name: call.name,
    type: "Skipped",
    phase: "Error",
    templateName: call.use.template ?? "",
    templateRef: call.use.templateRef,
    boundary: call.boundary,
    message,
    hooked: call.hooked,
  });
}
