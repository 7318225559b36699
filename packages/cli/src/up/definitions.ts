import { isObject } from "@sluice/base";
import type { Resources } from "@sluice/bus";
import type { ConfigMapContent, Definitions } from "@sluice/engine";
import type { WorkflowSpec } from "@sluice/spec";

/**
 * What is applied here, for workflows that refer to it. `clusterConfigMap` reads ConfigMaps where they are a cluster's.
 * Errors: those of the bus and the cluster (later).
 */
export function makeDefinitions(
  resources: Resources,
  clusterConfigMap: Definitions["configMap"] | undefined,
): Definitions {
  return {
    async template({ namespace, name }) {
      const kind = namespace === undefined ? "ClusterWorkflowTemplate" : "WorkflowTemplate";
      const found = await resources.get(kind, namespace ?? "", name);
      // It was checked by its schema when it was applied.
      return (found?.manifest as { readonly spec?: WorkflowSpec } | undefined)?.spec;
    },
    async configMap(namespace, name) {
      const found = await resources.get("ConfigMap", namespace, name);
      if (found !== undefined) return contentOf(found.manifest);
      return clusterConfigMap?.(namespace, name);
    },
  };
}

/** Labels and texts of a ConfigMap's manifest. */
export function contentOf(manifest: unknown): ConfigMapContent {
  const { metadata, data } = isObject(manifest) ? manifest : {};
  return { labels: textsOf(isObject(metadata) ? metadata["labels"] : undefined), data: textsOf(data) };
}

const textsOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isObject(value) ? value : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === "string",
    ),
  );
