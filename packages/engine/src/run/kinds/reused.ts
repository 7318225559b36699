// A leaf that an earlier run did already: it gets its node, and its end, at once, and nothing is started.
import type { ReusedNode } from "@sluice/spec";
import type { TemplateShape } from "../../template/resolve.ts";
import { endUnit, makeNode } from "../call.ts";
import type { Call, Unit } from "../state/frames.ts";
import type { NodeOutputs, NodeType } from "../state/node.ts";
import type { Run } from "../state/run.ts";

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

/** Tried again, the node is as it was; repeated by another run it is Skipped, as Argo shows it. */
export function endReused(run: Run, unit: Unit, reused: ReusedNode): void {
  const isRetry = run.submitted.reuse?.kind === "retry";
  const type = isRetry && types.has(reused.type) ? (reused.type as NodeType) : "Skipped";
  const node = makeNode(run, unit, type, "Pending");
  if (type === "Pod" || type === "Retry") {
    run.podCount += 1;
    run.podsSucceeded += 1;
  }
  if (reused.hostNodeName !== undefined) node.hostNodeName = reused.hostNodeName;
  const outputs = reused.outputs === undefined ? undefined : (structuredClone(reused.outputs) as NodeOutputs);
  const message = isRetry ? reused.message : `original pod: ${reused.podName ?? ""}`;
  endUnit(run, unit, { phase: isRetry ? reused.phase : "Skipped", message, outputs });
  if (!isRetry) return;
  node.startedAt = reused.startedAt;
  node.finishedAt = reused.finishedAt;
}
