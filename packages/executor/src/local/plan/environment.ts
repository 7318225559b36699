// The variables of a step's process. Secrets are read when the step starts and kept nowhere.
import { hostname } from "node:os";
import { hashUid, isObject } from "@sluice/base";
import { podName, type StepRequest } from "@sluice/engine";
import type { References } from "@sluice/kube";
import type { Container, Script } from "@sluice/spec";
import { LocalError } from "../../errors.ts";
import { keyRef, readKey, wholeObject } from "./objects.ts";

/** The largest `NAME=value` that the kernel passes, less room for the name. */
const maxVariableBytes = 128 * 1_024 - 4_096;

/** Variables from `env` and `envFrom`, and those that every step has. Errors: those of references; LOCAL_ENVIRONMENT_TOO_LARGE. */
export async function readEnvironment(
  step: StepRequest,
  container: Container | Script,
  references: References,
): Promise<ReadonlyMap<string, string>> {
  const env = await wholeObjects(step, container, references);
  for (const [index, { name, value, valueFrom }] of (container.env ?? []).entries()) {
    const read =
      valueFrom === undefined
        ? (value ?? "")
        : await readSource(step, valueFrom, references, `env[${index}]`);
    if (read === undefined) continue;
    const bytes = Buffer.byteLength(read);
    if (bytes > maxVariableBytes)
      throw LocalError.ENVIRONMENT_TOO_LARGE({ name, bytes, maxBytes: maxVariableBytes });
    if (/[=\0]/.test(name) || read.includes("\0"))
      throw LocalError.FIELD_UNSUPPORTED({
        field: `env[${index}]`,
        reason: "a name has '=' or a value has a zero byte",
      });
    env.set(name, expand(read, env));
  }
  env.set("SLUICE_RUN", step.run.name);
  env.set("SLUICE_STEP", step.id);
  env.set("TRACEPARENT", step.traceparent);
  return env;
}

/** Variables of `envFrom`: what cannot be a variable's name is left out, as Kubernetes does. */
async function wholeObjects(
  step: StepRequest,
  container: Container | Script,
  references: References,
): Promise<Map<string, string>> {
  const env = new Map<string, string>();
  for (const [index, source] of (container.envFrom ?? []).entries()) {
    const field = `envFrom[${index}]`;
    for (const [name, value] of await allOf(step, source, references, field)) {
      if (!/^[A-Za-z_][A-Za-z0-9_.-]*$/.test(name)) continue;
      const read = Buffer.from(value).toString("utf8");
      if (value.length > maxVariableBytes)
        throw LocalError.ENVIRONMENT_TOO_LARGE({ name, bytes: value.length, maxBytes: maxVariableBytes });
      if (read.includes("\0"))
        throw LocalError.FIELD_UNSUPPORTED({ field, reason: `'${name}' has a zero byte` });
      env.set(name, read);
    }
  }
  return env;
}

/** Every key of the Secret or ConfigMap that an `envFrom` names, with its prefix. */
async function allOf(
  step: StepRequest,
  source: unknown,
  references: References,
  field: string,
): Promise<ReadonlyMap<string, Uint8Array>> {
  for (const kind of ["secret", "configMap"] as const) {
    const ref = isObject(source) ? source[`${kind}Ref`] : undefined;
    if (!isObject(ref) || typeof ref["name"] !== "string") continue;
    const prefix = isObject(source) && typeof source["prefix"] === "string" ? source["prefix"] : "";
    const whole = { kind, name: ref["name"], optional: ref["optional"] === true };
    const values = await wholeObject(step, whole, references, field);
    return new Map([...values].map(([key, value]) => [`${prefix}${key}`, value]));
  }
  throw LocalError.FIELD_UNSUPPORTED({ field, reason: "it reads secretRef and configMapRef" });
}

/** Kubernetes' `$(NAME)` in values: variables given before; `$$(NAME)` stands for itself. */
function expand(value: string, env: ReadonlyMap<string, string>): string {
  return value.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (all, name: string | undefined) =>
    name === undefined ? "$" : (env.get(name) ?? all),
  );
}

const podFields =
  "metadata.name, .namespace, .uid, .labels['…'], .annotations['…'], spec.nodeName, .serviceAccountName";

/** A field of the pod that the step would be, as far as it has one here. */
function podField({ id, run, node, metadata, pod }: StepRequest, path: string): string | undefined {
  const [, kind, key = ""] = /^metadata\.(labels|annotations)\['([^']+)'\]$/.exec(path) ?? [];
  if (kind === "labels" || kind === "annotations") return metadata[kind][key] ?? "";
  switch (path) {
    case "metadata.name":
      return podName(run.name, node.template, node.name);
    case "metadata.namespace":
      return run.namespace;
    case "metadata.uid":
      return hashUid("pod", id);
    case "spec.nodeName":
      return hostname();
    case "spec.serviceAccountName":
      return typeof pod["serviceAccountName"] === "string" ? pod["serviceAccountName"] : "default";
    default:
      return undefined;
  }
}

async function readSource(
  step: StepRequest,
  from: Readonly<Record<string, unknown>>,
  references: References,
  field: string,
): Promise<string | undefined> {
  const namespace = step.run.namespace;
  for (const kind of ["secretKeyRef", "configMapKeyRef"] as const) {
    const ref = keyRef(from[kind]);
    if (ref === undefined) continue;
    const value = await readKey(references, kind === "secretKeyRef" ? "secret" : "configMap", namespace, ref);
    return value === undefined ? undefined : Buffer.from(value).toString("utf8");
  }
  const path = isObject(from["fieldRef"]) ? String(from["fieldRef"]["fieldPath"]) : "";
  const value = podField(step, path);
  if (value !== undefined) return value;
  throw LocalError.FIELD_UNSUPPORTED({
    field: `${field}.valueFrom`,
    reason: `it reads secretKeyRef, configMapKeyRef and fieldRef ${podFields}`,
  });
}
