import type { Manifest } from "@sluice/spec";
import type { Definitions } from "../definitions/port.ts";

/** What is among these manifests; one that names no namespace is of each. */
export function definitionsAmong(manifests: readonly Manifest[]): Definitions {
  return {
    async template({ namespace, name }) {
      for (const one of manifests) {
        if (one.metadata.name !== name) continue;
        if (namespace === undefined && one.kind === "ClusterWorkflowTemplate") return one.spec;
        if (one.kind === "WorkflowTemplate" && namespace === (one.metadata.namespace ?? namespace))
          return one.spec;
      }
      return undefined;
    },
    async configMap(namespace, name) {
      for (const one of manifests)
        if (
          one.kind === "ConfigMap" &&
          one.metadata.name === name &&
          namespace === (one.metadata.namespace ?? namespace)
        )
          return { labels: one.metadata.labels ?? {}, data: one.data ?? {} };
      return undefined;
    },
  };
}
