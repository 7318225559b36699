// Where Secrets and ConfigMaps of applied files go when there is no cluster: files that only the owner can read.
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isForbiddenKey, isObject, type JsonObject } from "@sluice/base";
import { CliError } from "../errors.ts";

const keyPattern = /^[-._a-zA-Z0-9]{1,253}$/;
const namePattern = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;

/** Most bytes of one Secret or ConfigMap: Kubernetes' own bound. */
const maxBytes = 1024 * 1024;

/**
 * Writes `<folder>/{secrets,configmaps}/<namespace>/<name>/<key>`, as `fileReferences` of `kube` reads it.
 * The folder of a name is replaced as a whole, so that a reader never sees half of an update; one write goes on at a
 * time, since two of one name would take each other's folder away.
 */
export function makeReferenceWriter(folder: string) {
  let before: Promise<void> = Promise.resolve();
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const done = before.then(work);
    before = done.catch(() => {});
    return done;
  };
  return {
    async put(
      kind: "Secret" | "ConfigMap",
      namespace: string,
      name: string,
      manifest: JsonObject,
    ): Promise<void> {
      const entries = entriesOf(kind, name, manifest);
      const parent = join(
        folder,
        kind === "Secret" ? "secrets" : "configmaps",
        checked(namespace),
        checked(name),
      );
      await inTurn(async () => {
        const next = `${parent}.new`;
        await rm(next, { recursive: true, force: true });
        await mkdir(next, { recursive: true, mode: 0o700 });
        await chmod(folder, 0o700);
        for (const [key, value] of entries) await writeFile(join(next, key), value, { mode: 0o600 });
        await rm(parent, { recursive: true, force: true });
        await rename(next, parent);
      });
    },
  };
}

function checked(name: string): string {
  if (!namePattern.test(name))
    throw CliError.USAGE({ problem: `'${name}' is no name of a Kubernetes object` });
  return name;
}

function entriesOf(
  kind: string,
  name: string,
  manifest: JsonObject,
): readonly (readonly [string, Uint8Array])[] {
  const entries = new Map<string, Uint8Array>();
  const add = (field: string, decode: (text: string) => Uint8Array) => {
    const map = manifest[field];
    if (map === undefined || map === null) return;
    if (!isObject(map)) throw CliError.USAGE({ problem: `${kind} '${name}': '${field}' must be a map` });
    for (const [key, value] of Object.entries(map)) {
      if (
        !keyPattern.test(key) ||
        key === "." ||
        key === ".." ||
        isForbiddenKey(key) ||
        typeof value !== "string"
      )
        throw CliError.USAGE({
          problem: `${kind} '${name}': '${field}.${key}' must be a text under a plain key`,
        });
      entries.set(key, decode(value));
    }
  };
  add("data", (text) => Buffer.from(text, kind === "Secret" ? "base64" : "utf8"));
  add("binaryData", (text) => Buffer.from(text, "base64"));
  add("stringData", (text) => Buffer.from(text, "utf8"));
  const size = [...entries.values()].reduce((sum, value) => sum + value.length, 0);
  if (size > maxBytes)
    throw CliError.USAGE({ problem: `${kind} '${name}' has ${size} bytes, at most ${maxBytes} are taken` });
  return [...entries];
}
