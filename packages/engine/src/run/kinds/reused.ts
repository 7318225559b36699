// A leaf that an earlier run did already: it gets its nodes, and its end, at once, and nothing is started.
import type { ReusedNode } from "@sluice/spec";
import { parseProgress } from "../../executor/progress.ts";
import type { TemplateShape } from "../../template/shape.ts";
import { endUnit, makeNode } from "../call.ts";
import type { Call, Unit } from "../state/frames.ts";
import type { Node, NodeOutputs, NodeType } from "../state/node.ts";
import type { Run } from "../state/run.ts";
import { addChild, addNode } from "../state/tree.ts";
import { addContainers, closeContainers, endContainers } from "./containers.ts";

const composites: ReadonlySet<string> = new Set(["steps", "dag"]);

/** What an earlier run has of this call; composites are gone through again, over what their leaves have. */
export function reusedOf(run: Run, call: Call, shape: TemplateShape): ReusedNode | undefined {
  const { reuse } = run.submitted;
  if (reuse === undefined || composites.has(shape.type) || !call.name.startsWith(run.key.name))
    return undefined;
  const name = call.name.slice(run.key.name.length);
  return Object.hasOwn(reuse.nodes, name) ? reuse.nodes[name] : undefined;
}

const types: ReadonlySet<string> = new Set(["Pod", "HTTP", "Suspend", "Retry", "Skipped"]);
const typeOf = ({ type }: ReusedNode): NodeType => (types.has(type) ? (type as NodeType) : "Skipped");
const outputsOf = ({ outputs }: ReusedNode): NodeOutputs | undefined =>
  outputs === undefined ? undefined : (structuredClone(outputs) as NodeOutputs);

/** Tried again, the node is as it was; repeated by another run it is Skipped, as Argo shows it. */
export function endReused(run: Run, unit: Unit, reused: ReusedNode): void {
  if (run.submitted.reuse?.kind !== "retry") {
    const node = makeNode(run, unit, "Skipped", "Pending");
    if (reused.podIP !== undefined) node.podIp = reused.podIP;
    const message = `original pod: ${reused.podName ?? ""}`;
    endUnit(run, unit, { phase: "Skipped", message, outputs: outputsOf(reused) });
    return;
  }
  const node = makeNode(run, unit, typeOf(reused), "Pending");
  restore(run, unit, node, reused);
  for (const attempt of reused.attempts ?? []) addAttempt(run, unit, node, attempt);
  endUnit(run, unit, { phase: reused.phase, message: reused.message, outputs: outputsOf(reused) });
  node.startedAt = reused.startedAt;
  node.finishedAt = reused.finishedAt;
}

function addAttempt(run: Run, unit: Unit, retry: Node, reused: ReusedNode): void {
  const node = addNode(run, {
    name: `${retry.name}(${retry.children.length})`,
    type: typeOf(reused),
    phase: reused.phase,
    templateName: retry.templateName,
    templateRef: retry.templateRef,
    boundary: unit.call.boundary,
    message: reused.message,
    retried: true,
  });
  if (retry.inputs !== undefined) node.inputs = retry.inputs;
  const outputs = outputsOf(reused);
  if (outputs !== undefined) node.outputs = outputs;
  addChild(retry, node);
  retry.lastAttempt = node;
  restore(run, unit, node, reused);
  closeContainers(run, { ...unit, node });
  node.startedAt = reused.startedAt;
  node.finishedAt = reused.finishedAt;
}

/** What a pod's node has beside its end. */
function restore(run: Run, unit: Unit, node: Node, reused: ReusedNode): void {
  const { hostNodeName, podIP, resourcesDuration } = reused;
  const progress = parseProgress(reused.progress ?? "");
  if (progress !== undefined) node.progress = progress;
  if (podIP !== undefined) node.podIp = podIP;
  if (hostNodeName !== undefined) node.hostNodeName = hostNodeName;
  if (resourcesDuration !== undefined) node.resourcesDuration = resourcesDuration;
  if (node.type !== "Pod") return;
  addContainers(run, unit, node);
  endContainers(run, unit, reused.containers);
}
