import type { AppError } from "@sluice/base";
import { apiVersionOf, type ObjectClient, type ResourceType } from "@sluice/kube";
import { workflowType } from "./own-runs.ts";

/** Workflows by Sluice's own, all other kinds by the cluster; `missing` is thrown for those where there is no cluster. */
export function withOwnRuns(
  own: Omit<ObjectClient, "resolve"> | undefined,
  cluster: ObjectClient | undefined,
  missing: () => AppError,
): ObjectClient {
  const of = (type: ResourceType): Omit<ObjectClient, "resolve"> => {
    if (own !== undefined && type === workflowType) return own;
    if (cluster === undefined) throw missing();
    return cluster;
  };
  return {
    async resolve(apiVersion, kind, signal) {
      const isOwn = kind === workflowType.kind && apiVersion === apiVersionOf(workflowType);
      if (own !== undefined && isOwn) return workflowType;
      if (cluster === undefined) throw missing();
      return cluster.resolve(apiVersion, kind, signal);
    },
    create: async (type, ...rest) => of(type).create(type, ...rest),
    get: async (type, ...rest) => of(type).get(type, ...rest),
    list: async (type, ...rest) => of(type).list(type, ...rest),
    apply: async (type, ...rest) => of(type).apply(type, ...rest),
    patch: async (type, ...rest) => of(type).patch(type, ...rest),
    delete: async (type, ...rest) => of(type).delete(type, ...rest),
    watch: (type, ...rest) => of(type).watch(type, ...rest),
  };
}
