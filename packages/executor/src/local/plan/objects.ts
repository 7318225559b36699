// Secrets and ConfigMaps that a step names: one key of them, or all.
import { isObject } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { References } from "@sluice/kube";
import { LocalError } from "../../errors.ts";

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional: boolean;
}

/** A `secretKeyRef` or `configMapKeyRef`. */
export function keyRef(value: unknown): KeyRef | undefined {
  if (!isObject(value) || typeof value["name"] !== "string" || typeof value["key"] !== "string")
    return undefined;
  return { name: value["name"], key: value["key"], optional: value["optional"] === true };
}

/** Errors: LOCAL_REFERENCE_MISSING unless it is optional. */
export async function readKey(
  references: References,
  kind: "secret" | "configMap",
  namespace: string,
  ref: KeyRef,
): Promise<Uint8Array | undefined> {
  const value =
    kind === "secret"
      ? await references.secret(namespace, ref.name, ref.key)
      : await references.configMap(namespace, ref.name, ref.key);
  if (value === undefined && !ref.optional)
    throw LocalError.REFERENCE_MISSING({ kind, namespace, name: ref.name, key: ref.key });
  return typeof value === "string" ? Buffer.from(value) : value;
}

export interface WholeRef {
  readonly kind: "secret" | "configMap";
  readonly name: string;
  readonly optional: boolean;
}

/** All keys of a Secret or ConfigMap. Errors: LOCAL_REFERENCE_MISSING unless it is optional. */
export async function wholeObject(
  step: StepRequest,
  { kind, name, optional }: WholeRef,
  references: References,
  field: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { namespace } = step.run;
  if (references.keys === undefined)
    throw LocalError.FIELD_UNSUPPORTED({ field, reason: "its keys must be named one by one here" });
  const keys = await references.keys(kind, namespace, name);
  if (keys === undefined && !optional)
    throw LocalError.REFERENCE_MISSING({ kind, namespace, name, key: "*" });
  const values = new Map<string, Uint8Array>();
  for (const key of keys ?? []) {
    const value = await readKey(references, kind, namespace, { name, key, optional: true });
    if (value !== undefined) values.set(key, value);
  }
  return values;
}
