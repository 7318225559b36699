import type { ConfigMapContent, Definitions } from "@sluice/engine";
import type { Manifest } from "@sluice/spec";

/** What a workflow may refer to, from the files that it came with: whatever their namespace, they are meant for it. */
export function definitionsOf(manifests: readonly Manifest[]): Definitions {
  return {
    template: async ({ namespace, name }) => {
      const kind = namespace === undefined ? "ClusterWorkflowTemplate" : "WorkflowTemplate";
      for (const manifest of manifests)
        if (
          (manifest.kind === "WorkflowTemplate" || manifest.kind === "ClusterWorkflowTemplate") &&
          manifest.kind === kind &&
          manifest.metadata.name === name
        )
          return manifest.spec;
      return undefined;
    },
    configMap: async (_namespace, name) => configMapsOf(manifests).get(name),
  };
}

/** The ConfigMaps among them by name; the first of a name counts. */
export function configMapsOf(manifests: readonly Manifest[]): ReadonlyMap<string, ConfigMapContent> {
  const found = new Map<string, ConfigMapContent>();
  for (const manifest of manifests) {
    const { name = "", labels = {} } = manifest.metadata;
    if (manifest.kind === "ConfigMap" && !found.has(name))
      found.set(name, { labels, data: manifest.data ?? {} });
  }
  return found;
}

/** The semaphores' limits that the ConfigMaps among them say, as locks are shown. */
export function limitsOf(manifests: readonly Manifest[]): Readonly<Record<string, number>> {
  const limits: Record<string, number> = {};
  for (const manifest of manifests) {
    if (manifest.kind !== "ConfigMap") continue;
    const namespace = manifest.metadata.namespace ?? "default";
    for (const [key, value] of Object.entries(manifest.data ?? {}))
      if (/^\d{1,9}$/.test(value.trim()))
        limits[`${namespace}/ConfigMap/${manifest.metadata.name ?? ""}/${key}`] = Number(value);
  }
  return limits;
}
