import { KubeError } from "./errors.ts";

/** The fields of ObjectMeta that Sluice reads or writes; others pass through. */
export interface ObjectMeta {
  readonly name: string;
  readonly namespace?: string;
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly generation?: number;
  readonly creationTimestamp?: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

/** Any Kubernetes object: its own fields are known to whoever asked for it. */
export interface KubeObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: ObjectMeta;
  readonly [field: string]: unknown;
}

/** Where the API server keeps a kind. */
export interface ResourceType {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

export interface ObjectRef {
  readonly namespace?: string;
  readonly name: string;
}

export const apiVersionOf = (type: ResourceType): string =>
  type.group === "" ? type.version : `${type.group}/${type.version}`;

/** "namespace/name", the key of an object in stores. */
export const keyOf = (object: KubeObject): string =>
  object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;

const core = (plural: string, kind: string, namespaced = true): ResourceType => ({
  group: "",
  version: "v1",
  plural,
  kind,
  namespaced,
});

/** The kinds that Sluice itself uses; others are found with `KubeClient.resolve`. */
export const resources = {
  pods: core("pods", "Pod"),
  configMaps: core("configmaps", "ConfigMap"),
  secrets: core("secrets", "Secret"),
  services: core("services", "Service"),
  serviceAccounts: core("serviceaccounts", "ServiceAccount"),
  namespaces: core("namespaces", "Namespace", false),
  nodes: core("nodes", "Node", false),
  persistentVolumeClaims: core("persistentvolumeclaims", "PersistentVolumeClaim"),
} as const;

/** The path of a resource, or of one object of it, on the API server. Every part is percent-encoded. Errors: KUBE_INVALID. */
export function pathOf(type: ResourceType, at: { namespace?: string; name?: string; sub?: string }): string {
  const root = type.group === "" ? `/api/${type.version}` : `/apis/${type.group}/${type.version}`;
  for (const part of [at.namespace, at.name])
    if (part === "" || part === "." || part === "..")
      throw KubeError.INVALID({ what: type.plural, said: `'${part}' is no name` });
  const parts = [root];
  if (type.namespaced && at.namespace !== undefined)
    parts.push("namespaces", encodeURIComponent(at.namespace));
  parts.push(type.plural);
  if (at.name !== undefined) parts.push(encodeURIComponent(at.name));
  if (at.sub !== undefined) parts.push(at.sub);
  return parts.join("/");
}
