import { readdir, readFile } from "node:fs/promises";
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
  /** Where the parts lead; undefined when nothing of that kind is there. */
  const look = async <T>(
    folder: string,
    parts: Readonly<Record<string, string>>,
    read: (path: string) => Promise<T>,
  ): Promise<T | undefined> => {
    for (const [part, value] of Object.entries(parts))
      if (!namePattern.test(value)) throw KubeError.REFERENCE_NAME({ part, name: value.slice(0, 80) });
    try {
      return await read(join(dir, folder, ...Object.values(parts)));
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
      throw error;
    }
  };
  const read = (folder: string, namespace: string, name: string, key: string) =>
    look(folder, { namespace, name, key }, (path) => readFile(path));
  return {
    secret: (namespace, name, key) => read("secrets", namespace, name, key),
    configMap: async (namespace, name, key) =>
      (await read("configmaps", namespace, name, key))?.toString("utf8"),
    keys: async (kind, namespace, name) => {
      const folder = kind === "secret" ? "secrets" : "configmaps";
      return (await look(folder, { namespace, name }, (path) => readdir(path)))?.sort();
    },
  };
}
