// The nodes of a containerSet's containers, below the node of its pod.
import type { ContainerEnd } from "../../executor/events.ts";
import type { Unit } from "../state/frames.ts";
import { isFulfilled, type Node } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { addChild, addNode, endNode } from "../state/tree.ts";

/** One node a container, drawn as its dependencies say; nothing for other templates. */
export function addContainers(run: Run, unit: Unit, pod: Node): void {
  const containers = unit.shape.template.containerSet?.containers ?? [];
  if (containers.length === 0) return;
  const nodes = new Map<string, Node>();
  for (const { name } of containers)
    nodes.set(
      name,
      addNode(run, {
        name: `${pod.name}.${name}`,
        type: "Container",
        phase: "Pending",
        templateName: unit.shape.name,
        boundary: { node: pod, unit: unit.call.boundary?.unit ?? unit },
      }),
    );
  const followed = new Set<string>();
  for (const { name, dependencies = [] } of containers) {
    const node = nodes.get(name);
    if (node === undefined) continue;
    for (const before of dependencies.length === 0 ? [pod] : dependencies.map((d) => nodes.get(d)))
      if (before !== undefined) addChild(before, node);
    for (const before of dependencies) followed.add(before);
  }
  pod.outboundNodes = [...nodes].filter(([name]) => !followed.has(name)).map(([, { id }]) => id);
  unit.containers = nodes;
}

/** The ends that the executor told; the others end as their pod did, when it does. */
export function endContainers(run: Run, unit: Unit, ends: readonly ContainerEnd[] = []): void {
  for (const { name, phase, message, startedAt, finishedAt, exitCode } of ends) {
    const node = unit.containers?.get(name);
    if (node === undefined || isFulfilled(node)) continue;
    endNode(run, node, phase, message);
    if (startedAt !== undefined) node.startedAt = startedAt;
    if (finishedAt !== undefined) node.finishedAt = finishedAt;
    if (exitCode !== undefined) node.outputs = { exitCode: String(exitCode) };
  }
}

/** Containers of which nothing was told end with their pod. */
export function closeContainers(run: Run, { containers, node }: Unit): void {
  if (containers === undefined || node === undefined) return;
  for (const container of containers.values())
    endNode(run, container, node.phase, node.message?.replace(/^pod\b/, "container"));
}
