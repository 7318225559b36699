// The tree of a workflow's nodes as lines, as `argo get` draws it: steps in their groups, tasks by their start.
import type { NodeStatus, WorkflowObject } from "../client/workflow-object.ts";

export interface TreeRow {
  /** Box-drawing characters that lead to the node. */
  readonly lead: string;
  readonly node: NodeStatus;
}

type Nodes = Readonly<Record<string, NodeStatus>>;

/** Groups with more than this many finished siblings are cut, and say so. */
const maxSiblings = 200;

/**
 * Rows of all trees: the workflow's own, then its exit handler's. With a test only the nodes that pass it, and those
 * above them.
 */
export function treeOf(workflow: WorkflowObject, test?: (node: NodeStatus) => boolean): readonly TreeRow[] {
  const nodes = workflow.status?.nodes ?? {};
  const index = indexOf(nodes);
  const roots = Object.values(nodes).filter(
    (node) => node.boundaryID === undefined && !index.owned.has(node.id),
  );
  const shown = test === undefined ? undefined : new Set<string>();
  if (test !== undefined) for (const root of roots) mark(root, { test, index, shown: shown as Set<string> });
  return roots
    .sort(byStart)
    .filter((root) => shown?.has(root.id) !== false)
    .flatMap((root) => subtree(root, "", "", shown === undefined ? index : { ...index, shown }));
}

/** Whether the node passes, or one below it. */
function mark(
  node: NodeStatus,
  to: {
    readonly test: (node: NodeStatus) => boolean;
    readonly index: TreeIndex;
    readonly shown: Set<string>;
  },
): boolean {
  const below = childGroups(node, to.index)
    .flat()
    .map((child) => mark(child, to));
  const passes = to.test(node) || below.includes(true);
  if (passes) to.shown.add(node.id);
  return passes;
}

interface TreeIndex {
  readonly nodes: Nodes;
  readonly members: ReadonlyMap<string, readonly NodeStatus[]>;
  /** Children of a retry, a group or a loop: they are drawn under it, not under the boundary. */
  readonly owned: ReadonlySet<string>;
  /** Absent: all are. */
  readonly shown?: ReadonlySet<string>;
}

function indexOf(nodes: Nodes): TreeIndex {
  const members = new Map<string, NodeStatus[]>();
  const owned = new Set<string>();
  for (const node of Object.values(nodes)) {
    if (node.boundaryID !== undefined) {
      const list = members.get(node.boundaryID);
      if (list === undefined) members.set(node.boundaryID, [node]);
      else list.push(node);
    }
    if (node.type === "Retry" || node.type === "TaskGroup")
      for (const child of node.children ?? []) if (isOwnedBy(node, nodes[child])) owned.add(child);
  }
  return { nodes, members, owned };
}

/** A retry's and a loop's children carry its name: `step(0)`, `step(0:item)`. Others are what comes after it. */
const isOwnedBy = (parent: NodeStatus, child: NodeStatus | undefined): boolean =>
  child?.name.startsWith(`${parent.name}(`) === true;

const byStart = (a: NodeStatus, b: NodeStatus): number =>
  (a.startedAt ?? "9").localeCompare(b.startedAt ?? "9") ||
  a.name.localeCompare(b.name, "en", { numeric: true });

function subtree(node: NodeStatus, lead: string, inner: string, index: TreeIndex): TreeRow[] {
  const rows: TreeRow[] = [{ lead, node }];
  const groups = childGroups(node, index)
    .map((group) => group.filter((child) => index.shown?.has(child.id) !== false))
    .filter((group) => group.length > 0);
  groups.forEach((group, at) => {
    const last = at === groups.length - 1;
    rows.push(...groupRows(group.slice(0, maxSiblings), inner, last, index));
  });
  return rows;
}

/** What is drawn under a node: for steps one group each in order, else every child as a group of its own. */
function childGroups(node: NodeStatus, index: TreeIndex): (readonly NodeStatus[])[] {
  if (node.type === "Retry" || node.type === "TaskGroup")
    return (node.children ?? [])
      .map((id) => index.nodes[id])
      .filter((child): child is NodeStatus => isOwnedBy(node, child))
      .map((child) => [child]);
  const members = (index.members.get(node.id) ?? []).filter((member) => !index.owned.has(member.id));
  if (node.type !== "Steps") return members.sort(byStart).map((member) => [member]);
  const stepGroups = members
    .filter((member) => member.type === "StepGroup")
    .sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  const inGroup = (group: NodeStatus) =>
    members.filter((m) => m.type !== "StepGroup" && m.name.startsWith(`${group.name}.`));
  return stepGroups.map((group) => inGroup(group).sort(byName)).filter((group) => group.length > 0);
}

const byName = (a: NodeStatus, b: NodeStatus): number =>
  a.name.localeCompare(b.name, "en", { numeric: true });

/** One group: a single child hangs on the trunk, several side by side on a branch of it. */
function groupRows(group: readonly NodeStatus[], inner: string, last: boolean, index: TreeIndex): TreeRow[] {
  const trunk = last ? "└" : "├";
  const below = last ? "  " : "│ ";
  const [only] = group;
  if (group.length === 1 && only !== undefined)
    return subtree(only, `${inner}${trunk}───`, `${inner}${below}  `, index);
  return group.flatMap((node, at) => {
    const lead =
      at === 0 ? `${inner}${trunk}─┬─` : `${inner}${below}${at === group.length - 1 ? "└─" : "├─"}`;
    const deeper = `${inner}${below}${at === group.length - 1 ? "  " : "│ "}`;
    return subtree(node, lead, deeper, index);
  });
}
