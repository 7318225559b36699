// What is applied, as lint looks references up in it.
import type { Resource, Resources } from "@sluice/bus";
import {
  type KnownTemplates,
  type LintOptions,
  type Manifest,
  refersOutside,
  type WorkflowSpec,
} from "@sluice/spec";
import type { ServerDeps } from "../../ports.ts";

/** Lint options for objects of `namespace`, with all templates that they may refer to; none are read where none is. */
export async function lintOptions(
  deps: Pick<ServerDeps, "lint" | "stores">,
  namespace: string,
  manifests: readonly Manifest[],
): Promise<LintOptions> {
  const options = { ...deps.lint, namespace };
  if (!manifests.some(refersOutside)) return options;
  const namespaces = new Set([namespace, ...manifests.flatMap((m) => m.metadata.namespace ?? [])]);
  return { ...options, known: await appliedTemplates(deps.stores.resources, [...namespaces]) };
}

async function appliedTemplates(
  resources: Resources,
  namespaces: readonly string[],
): Promise<KnownTemplates> {
  const cluster = bySpec(await resources.list("ClusterWorkflowTemplate", ""));
  const namespaced = new Map<string, ReadonlyMap<string, WorkflowSpec>>();
  for (const namespace of namespaces)
    namespaced.set(namespace, bySpec(await resources.list("WorkflowTemplate", namespace)));
  const at = (namespace: string | undefined) =>
    namespace === undefined ? cluster : namespaced.get(namespace);
  return {
    find: (namespace, name) => at(namespace)?.get(name),
    names: (namespace) => [...(at(namespace)?.keys() ?? [])],
    complete: true,
  };
}

const bySpec = (found: readonly Resource[]): ReadonlyMap<string, WorkflowSpec> =>
  new Map(found.map(({ name, manifest }) => [name, (manifest as { readonly spec: WorkflowSpec }).spec]));
