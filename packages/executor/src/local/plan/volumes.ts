// What a step mounts: empty folders, files of Secrets and ConfigMaps, claims.
import { join } from "node:path";
import { isObject } from "@sluice/base";
import { claimOwnerOf, type StepRequest } from "@sluice/engine";
import type { References } from "@sluice/kube";
import type { Container, Script } from "@sluice/spec";
import { LocalError } from "../../errors.ts";
import type { PlannedVolume, PlanOptions } from "../step/step-plan.ts";
import { readKey, wholeObject } from "./objects.ts";

const reserved = /^\/(|proc|sys|dev|argo|proc\/.*|sys\/.*|dev\/(?!shm).*|argo\/.*)$/;

/** Errors: LOCAL_FIELD_UNSUPPORTED, LOCAL_REFERENCE_MISSING. */
export async function planVolumes(
  step: StepRequest,
  container: Container | Script,
  { references, claimsDir }: Pick<PlanOptions, "references" | "claimsDir">,
): Promise<readonly PlannedVolume[]> {
  const declared = step.pod["volumes"];
  const volumes = Array.isArray(declared) ? declared.filter(isObject) : [];
  const planned: PlannedVolume[] = [];
  for (const [index, mount] of (container.volumeMounts ?? []).entries()) {
    const field = `volumeMounts[${index}]`;
    const { name, mountPath, subPath = "", readOnly } = mount as Readonly<Record<string, unknown>>;
    const volume = volumes.find((v) => v["name"] === name);
    if (typeof name !== "string" || !/^[a-z0-9][-a-z0-9.]{0,62}$/.test(name) || volume === undefined)
      throw LocalError.FIELD_UNSUPPORTED({ field: `${field}.name`, reason: "no volume has this name" });
    if (
      typeof mountPath !== "string" ||
      !mountPath.startsWith("/") ||
      reserved.test(mountPath) ||
      hasDots(mountPath)
    )
      throw LocalError.FIELD_UNSUPPORTED({
        field: `${field}.mountPath`,
        reason: "it must be absolute, and no system folder",
      });
    if (typeof subPath !== "string" || subPath.startsWith("/") || hasDots(subPath))
      throw LocalError.FIELD_UNSUPPORTED({
        field: `${field}.subPath`,
        reason: "it must be relative, without '..'",
      });
    const claim = claimOf(step, volume);
    // Earlier steps may have put a link there, which would lead the mount out of the claim.
    if (claim !== undefined && subPath !== "")
      throw LocalError.FIELD_UNSUPPORTED({ field: `${field}.subPath`, reason: "a claim is mounted whole" });
    const files = claim === undefined ? await volumeFiles(step, volume, references, name) : new Map();
    const kept = claim === undefined ? {} : { source: join(claimsDir, claim) };
    planned.push({ name, mountPath, subPath, readOnly: readOnly === true || files.size > 0, files, ...kept });
  }
  return planned;
}

/** A claim's folder below that of all claims: a run's own by its uid, others by namespace and name. */
function claimOf(step: StepRequest, volume: Readonly<Record<string, unknown>>): string | undefined {
  const claim = volume["persistentVolumeClaim"];
  if (!isObject(claim)) return undefined;
  const { claimName } = claim;
  if (typeof claimName !== "string" || !/^[a-z0-9][-a-z0-9.]{0,252}$/.test(claimName))
    throw LocalError.FIELD_UNSUPPORTED({
      field: "volumes.persistentVolumeClaim.claimName",
      reason: "it is no name",
    });
  if (!/^[a-z0-9][-a-z0-9]{0,62}$/.test(step.run.namespace))
    throw LocalError.FIELD_UNSUPPORTED({ field: "namespace", reason: "it is no name" });
  const own = step.pod["volumeClaims"];
  return Array.isArray(own) && own.includes(claimName)
    ? join("runs", claimOwnerOf(step.run), claimName)
    : join("namespaces", step.run.namespace, claimName);
}

const hasDots = (path: string): boolean => path.split("/").some((part) => part === ".." || part === ".");

/** Errors: LOCAL_FIELD_UNSUPPORTED for a kind of volume that this machine does not have. */
async function volumeFiles(
  step: StepRequest,
  volume: Readonly<Record<string, unknown>>,
  references: References,
  name: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (Object.hasOwn(volume, "emptyDir")) return new Map();
  for (const kind of ["secret", "configMap"] as const) {
    const source = volume[kind];
    if (!isObject(source)) continue;
    const from = source[kind === "secret" ? "secretName" : "name"];
    const items = source["items"];
    const field = `volumes.${name}.${kind}`;
    if (typeof from !== "string") throw LocalError.FIELD_UNSUPPORTED({ field, reason: "it names no object" });
    if (!Array.isArray(items)) {
      const whole = { kind, name: from, optional: source["optional"] === true };
      return wholeObject(step, whole, references, field);
    }
    const files = new Map<string, Uint8Array>();
    for (const item of items.filter(isObject)) {
      const { key, path } = item;
      if (typeof key !== "string" || typeof path !== "string" || path.startsWith("/") || hasDots(path))
        throw LocalError.FIELD_UNSUPPORTED({
          field: `volumes.${name}.${kind}.items`,
          reason: "each has a key and a relative path",
        });
      const ref = { name: from, key, optional: source["optional"] === true };
      const value = await readKey(references, kind, step.run.namespace, ref);
      if (value !== undefined) files.set(path, value);
    }
    return files;
  }
  throw LocalError.FIELD_UNSUPPORTED({
    field: `volumes.${name}`,
    reason: "volumes of the kinds emptyDir, configMap, secret and persistentVolumeClaim are served",
  });
}
