// From a request to what is run: command, variables, volumes. References are read here, when a step starts.

import { join } from "node:path";
import { isObject } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { References } from "@sluice/kube";
import type { Container, Script } from "@sluice/spec";
import { LocalError } from "../../errors.ts";
import { knownEntrypoint, standInFor } from "../isolation/shims.ts";

export const scriptPath = "/argo/staging/script";

export interface StepPlan {
  /** Undefined: the image's own entrypoint (container engines only). */
  readonly command: readonly string[] | undefined;
  readonly args: readonly string[];
  readonly image: string;
  readonly pullPolicy: "Always" | "IfNotPresent" | "Never" | undefined;
  readonly workingDir: string | undefined;
  readonly script: string | undefined;
  readonly env: ReadonlyMap<string, string>;
  readonly volumes: readonly PlannedVolume[];
  /** Input artifacts, brought to this machine. */
  readonly inputs: readonly BroughtInput[];
  /** The largest raw tar of an output artifact. */
  readonly maxArtifactBytes: number;
  readonly limits: { readonly memory?: string; readonly cpu?: string };
}

/** An input artifact: a file or folder of this machine that the step shall find at `target`. */
export interface BroughtInput {
  readonly source: string;
  readonly target: string;
}

export interface PlannedVolume {
  readonly name: string;
  readonly mountPath: string;
  readonly subPath: string;
  readonly readOnly: boolean;
  /** Folder of this machine that outlives the step; absent = one in the step's own folder. */
  readonly source?: string;
  /** What is in it at first: relative path → bytes. */
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** The largest `NAME=value` that the kernel passes, less room for the name. */
const maxVariableBytes = 128 * 1_024 - 4_096;

export interface PlanOptions {
  readonly references: References;
  readonly isolation: string;
  /** Where the folders of persistent volume claims are. */
  readonly claimsDir: string;
  /** Which container of the step; default its only one. */
  readonly container?: Container | Script;
}

/** Errors: LOCAL_COMMAND_UNKNOWN, LOCAL_FIELD_UNSUPPORTED, LOCAL_REFERENCE_MISSING, LOCAL_ENVIRONMENT_TOO_LARGE. */
export async function planContainer(
  step: StepRequest,
  { references, isolation, claimsDir, container = containerOf(step) }: PlanOptions,
): Promise<StepPlan> {
  const image = container.image ?? "";
  const engine = isolation === "podman" || isolation === "docker";
  const args = container.args ?? [];
  let command: readonly string[] | undefined = container.command;
  if ((command === undefined || command.length === 0) && !engine) {
    command = knownEntrypoint(image, args.length > 0);
    if (command === undefined) throw LocalError.COMMAND_UNKNOWN({ image, isolation });
  }
  if (command !== undefined && !engine) command = standInFor(image, command);
  const words = { command: command ?? [], args, workingDir: [container.workingDir ?? ""] };
  for (const [field, values] of Object.entries(words)) refuseZeroBytes(field, values);
  const source = "source" in container ? container.source : undefined;
  const limits = isObject(container.resources) ? container.resources["limits"] : undefined;
  return {
    command: command?.length === 0 ? undefined : command,
    args: source === undefined ? args : [...args, scriptPath],
    image,
    pullPolicy: container.imagePullPolicy,
    workingDir: container.workingDir === "" ? undefined : container.workingDir,
    script: source,
    env: await readEnvironment(step, container, references),
    volumes: await planVolumes(step, container, { references, claimsDir }),
    inputs: [],
    maxArtifactBytes: 0,
    limits: isObject(limits) ? { ...text(limits, "memory"), ...text(limits, "cpu") } : {},
  };
}

function containerOf({ work }: StepRequest): Container | Script {
  if (work.kind === "container") return work.container;
  if (work.kind === "script") return work.script;
  throw LocalError.FIELD_UNSUPPORTED({ field: work.kind, reason: "it does not run as a process" });
}

/** The kernel ends a word at its first zero byte, and a shell drops it: neither is what was written. */
function refuseZeroBytes(field: string, values: readonly string[]): void {
  const index = values.findIndex((value) => value.includes("\0"));
  if (index >= 0)
    throw LocalError.FIELD_UNSUPPORTED({
      field: field === "workingDir" ? field : `${field}[${index}]`,
      reason: "its value has a zero byte",
    });
}

function text<K extends string>(from: Record<string, unknown>, key: K): { readonly [P in K]?: string } {
  const value = Object.hasOwn(from, key) ? from[key] : undefined;
  return (typeof value === "string" || typeof value === "number" ? { [key]: String(value) } : {}) as {
    [P in K]?: string;
  };
}

type WorkContainer = Extract<StepRequest["work"], { kind: "container" }>["container"];

async function readEnvironment(
  step: StepRequest,
  container: WorkContainer,
  references: References,
): Promise<ReadonlyMap<string, string>> {
  if ((container.envFrom ?? []).length > 0)
    throw LocalError.FIELD_UNSUPPORTED({
      field: "envFrom",
      reason: "the keys must be named, one `env` entry each",
    });
  const env = new Map<string, string>();
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

/** Kubernetes' `$(NAME)` in values: variables given before; `$$(NAME)` stands for itself. */
function expand(value: string, env: ReadonlyMap<string, string>): string {
  return value.replace(/\$\$|\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)/g, (all, name: string | undefined) =>
    name === undefined ? "$" : (env.get(name) ?? all),
  );
}

interface KeyRef {
  readonly name: string;
  readonly key: string;
  readonly optional: boolean;
}

function keyRef(value: unknown): KeyRef | undefined {
  if (!isObject(value) || typeof value["name"] !== "string" || typeof value["key"] !== "string")
    return undefined;
  return { name: value["name"], key: value["key"], optional: value["optional"] === true };
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
  const fieldRef = isObject(from["fieldRef"]) ? from["fieldRef"]["fieldPath"] : undefined;
  if (fieldRef === "metadata.name") return step.id;
  if (fieldRef === "metadata.namespace") return namespace;
  throw LocalError.FIELD_UNSUPPORTED({
    field: `${field}.valueFrom`,
    reason: "it reads secretKeyRef, configMapKeyRef and fieldRef metadata.name and metadata.namespace",
  });
}

async function readKey(
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

const reserved = /^\/(|proc|sys|dev|argo|proc\/.*|sys\/.*|dev\/(?!shm).*|argo\/.*)$/;

async function planVolumes(
  step: StepRequest,
  container: WorkContainer,
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
    ? join("runs", step.run.uid, claimName)
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
    if (typeof from !== "string" || !Array.isArray(items))
      throw LocalError.FIELD_UNSUPPORTED({
        field: `volumes.${name}.${kind}`,
        reason: "its keys must be named under `items`",
      });
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
