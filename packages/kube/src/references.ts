/**
 * Where references to Secrets and ConfigMaps are read: from Kubernetes, or from the data folder when there is no
 * cluster. Values are read when used and never kept.
 */
export interface References {
  /** Undefined when the Secret or the key does not exist. */
  secret(namespace: string, name: string, key: string): Promise<Uint8Array | undefined>;
  configMap(namespace: string, name: string, key: string): Promise<string | undefined>;
  /** Every key of the object, sorted; undefined when there is none of that name. Absent: only keys that are named can be read. */
  keys?(
    kind: "secret" | "configMap",
    namespace: string,
    name: string,
  ): Promise<readonly string[] | undefined>;
}
