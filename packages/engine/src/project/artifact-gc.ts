// Which artifacts of a run go, and when: Argo's `artifactGC`, on the embedded repository.
// `OnWorkflowCompletion`: when the run is over. `OnWorkflowDeletion`: when it is deleted. `Never`: not by us.
// Without a strategy, what lies under the workflow's own name goes with it; a key chosen elsewhere stays.
import { isObject } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { Artifact, WorkflowSpec } from "@sluice/spec";
import { keyOf } from "../template/artifact-location.ts";
import type { WorkflowObject } from "./workflow-object.ts";

/** What an artifact's own strategy, or the workflow's, says. */
export function gcStrategyOf(spec: Pick<WorkflowSpec, "artifactGC">, artifact: Artifact): string | undefined {
  return strategyIn(artifact.artifactGC) ?? strategyIn(spec.artifactGC);
}

const strategyIn = (gc: unknown): string | undefined => {
  const strategy = isObject(gc) ? gc["strategy"] : undefined;
  return typeof strategy === "string" && strategy !== "" ? strategy : undefined;
};

export interface Removals {
  /** Each with all that lies under it. */
  readonly keys: readonly string[];
  /** The run's own folder goes too, but for these. */
  readonly own?: { readonly key: string; readonly keep: readonly string[] };
}

/** What is to go now. Pure. */
export function removalsOf(workflow: WorkflowObject, when: "completion" | "deletion"): Removals {
  const spec = workflow.spec as WorkflowSpec;
  const keys = new Set<string>();
  const keep = new Set<string>();
  for (const artifact of artifactsOf(workflow)) {
    const key = keyOf(artifact);
    if (key === undefined) continue;
    const strategy = gcStrategyOf(spec, artifact);
    if (strategy === "Never") keep.add(key);
    else if (strategy === "OnWorkflowCompletion" || (when === "deletion" && strategy !== undefined))
      keys.add(key);
  }
  for (const key of keep) keys.delete(key);
  if (when === "completion" || strategyIn(spec.artifactGC) === "Never") return { keys: [...keys] };
  return { keys: [...keys], own: { key: workflow.metadata.name, keep: [...keep] } };
}

/** Those that the run's leaves saved: others only pass them on. */
function* artifactsOf(workflow: WorkflowObject): Iterable<Artifact> {
  for (const node of Object.values(workflow.status.nodes)) {
    const outputs = node["outputs"] as { readonly artifacts?: readonly Artifact[] } | undefined;
    if (node.type !== "Pod") continue;
    yield* outputs?.artifacts ?? [];
  }
}

interface Removal {
  readonly when: "completion" | "deletion";
  /** Uids under which the run was tried before: what it wrote then is its own too. */
  readonly earlier?: readonly string[] | undefined;
}

/** Removes them, as far as this run wrote them. May be repeated. Errors: BUS_UNAVAILABLE. */
export async function removeArtifacts(
  store: ArtifactStore,
  workflow: WorkflowObject,
  { when, earlier = [] }: Removal,
): Promise<void> {
  const removals = removalsOf(workflow, when);
  const { namespace, uid } = workflow.metadata;
  for (const owner of [...earlier, uid]) await removeOwned(store, { namespace, uid: owner }, removals);
}

async function removeOwned(
  store: ArtifactStore,
  { namespace, uid }: { readonly namespace: string; readonly uid: string },
  { keys, own }: Removals,
): Promise<void> {
  for (const key of keys) await store.remove(namespace, key, uid);
  if (own === undefined) return;
  if (own.keep.length === 0) return store.remove(namespace, own.key, uid);
  const doomed: string[] = [];
  for await (const { key, owner } of store.list(namespace, own.key))
    if (owner === uid && !own.keep.some((kept) => key === kept || key.startsWith(`${kept}/`)))
      doomed.push(key);
  for (const key of doomed) await store.remove(namespace, key, uid);
}
