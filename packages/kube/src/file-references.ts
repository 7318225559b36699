import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { KubeError } from "./errors.ts";
import type { References } from "./references.ts";

/** What Kubernetes allows in these names, and nothing that could leave the folder. */
const namePattern = /^(?!\.\.?$)[-._a-zA-Z0-9]{1,253}$/;

/**
 * References read from files: `<dir>/secrets/<namespace>/<name>/<key>` and `<dir>/configmaps/<namespace>/<name>/<key>`.
 * The bytes are the value, as in a mounted Secret. Errors: KUBE_REFERENCE_NAME for a name that Kubernetes has not.
 */
export function fileReferences(dir: string): References {
  const read = async (
    folder: string,
    namespace: string,
    name: string,
    key: string,
  ): Promise<Buffer | undefined> => {
    for (const [part, value] of Object.entries({ namespace, name, key }))
      if (!namePattern.test(value)) throw KubeError.REFERENCE_NAME({ part, name: value.slice(0, 80) });
    try {
      return await readFile(join(dir, folder, namespace, name, key));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
      throw error;
    }
  };
  return {
    secret: (namespace, name, key) => read("secrets", namespace, name, key),
    configMap: async (namespace, name, key) =>
      (await read("configmaps", namespace, name, key))?.toString("utf8"),
  };
}
