import { hasCode, isObject } from "@sluice/base";
import type { KubeClient } from "./client.ts";
import { type KubeObject, type ResourceType, resources } from "./object.ts";
import type { References } from "./references.ts";

/** References read from the cluster's Secrets and ConfigMaps, at each use. */
export function kubeReferences(client: KubeClient): References {
  const read = async (
    type: ResourceType,
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined> => {
    try {
      return await client.get(type, { namespace, name });
    } catch (error) {
      if (hasCode(error, "KUBE_NOT_FOUND")) return undefined;
      throw error;
    }
  };
  const field = (object: KubeObject | undefined, name: string, key: string): string | undefined => {
    const data = object?.[name];
    if (!isObject(data) || !Object.hasOwn(data, key)) return undefined;
    const value = data[key];
    return typeof value === "string" ? value : undefined;
  };
  return {
    async secret(namespace, name, key) {
      const value = field(await read(resources.secrets, namespace, name), "data", key);
      return value === undefined ? undefined : Buffer.from(value, "base64");
    },
    async configMap(namespace, name, key) {
      const object = await read(resources.configMaps, namespace, name);
      const binary = field(object, "binaryData", key);
      return (
        field(object, "data", key) ??
        (binary === undefined ? undefined : Buffer.from(binary, "base64").toString())
      );
    },
    async keys(kind, namespace, name) {
      const object = await read(
        kind === "secret" ? resources.secrets : resources.configMaps,
        namespace,
        name,
      );
      if (object === undefined) return undefined;
      const maps = [object["data"], object["binaryData"]].filter(isObject);
      return [...new Set(maps.flatMap((map) => Object.keys(map)))].sort();
    },
  };
}
