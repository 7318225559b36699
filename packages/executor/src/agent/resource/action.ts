// What is done to an object. Each may be done again after a crash without harm.
import { hasCode, isObject } from "@sluice/base";
import type { KubeObject, ObjectClient, Patch, ResourceType } from "@sluice/kube";
import { AgentError } from "../errors.ts";
import type { Flags } from "./flags.ts";
import { type Target, typeByWord } from "./target.ts";

export type Action = "get" | "create" | "apply" | "delete" | "replace" | "patch";
export const actions: readonly string[] = ["get", "create", "apply", "delete", "replace", "patch"];

export interface ActionInput {
  readonly client: ObjectClient;
  readonly target: Target;
  readonly object: KubeObject | undefined;
  readonly flags: Flags;
  readonly stepId: string;
  readonly signal: AbortSignal;
}

/** Says which step made an object: one that is there already is ours exactly when it names us. */
export const stepAnnotation = "sluice.dev/step-id";
const fieldManager = "sluice";
const maxConflicts = 10;

const marked = (object: KubeObject, stepId: string): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, annotations: { ...object.metadata.annotations, [stepAnnotation]: stepId } },
});

/** Errors: those of Kubernetes. */
export async function create({ client, target, object, stepId, signal }: ActionInput): Promise<KubeObject> {
  const made = marked(needed(object, "create"), stepId);
  try {
    return await client.create(target.type, inPlace(made, target), signal);
  } catch (error) {
    if (!hasCode(error, "KUBE_EXISTS")) throw error;
    const there = await client.get(target.type, target.ref, signal);
    if (there.metadata.annotations?.[stepAnnotation] === stepId) return there;
    throw error;
  }
}

export const apply = ({ client, target, object, flags, signal }: ActionInput): Promise<KubeObject> =>
  client.apply(
    target.type,
    inPlace(needed(object, "apply"), target),
    { fieldManager: flags.fieldManager ?? fieldManager, force: true },
    signal,
  );

/** As kubectl: the object becomes what the manifest says, and keeps what the server keeps. */
export async function replace({ client, target, object, signal }: ActionInput): Promise<KubeObject> {
  const wanted = inPlace(needed(object, "replace"), target);
  for (let conflicts = 0; ; conflicts++) {
    const there = await client.get(target.type, target.ref, signal);
    const { resourceVersion } = there.metadata;
    const body = {
      ...difference(there, wanted),
      metadata: { ...metadataOf(there, wanted), resourceVersion },
    };
    try {
      return await client.patch(target.type, target.ref, { type: "merge", body }, signal);
    } catch (error) {
      if (!hasCode(error, "KUBE_CONFLICT") || conflicts === maxConflicts) throw error;
    }
  }
}

export const patch = ({ client, target, signal }: ActionInput, body: Patch): Promise<KubeObject> =>
  client.patch(target.type, target.ref, body, signal);

/** Gone is gone: one that is not there counts as deleted, since a step that is done again would find it so. */
export async function remove({ client, target, flags, signal }: ActionInput): Promise<void> {
  const options = {
    ...(flags.graceSeconds === undefined
      ? flags.force
        ? { graceSeconds: 0 }
        : {}
      : { graceSeconds: flags.graceSeconds }),
    propagation: flags.propagation ?? "Background",
  } as const;
  try {
    await client.delete(target.type, target.ref, options, signal);
  } catch (error) {
    if (!hasCode(error, "KUBE_NOT_FOUND")) throw error;
  }
}

/** Every object of a kind that a selector picks. */
export async function selected(
  client: ObjectClient,
  { flags, namespace }: { readonly flags: Flags; readonly namespace: string },
  signal: AbortSignal,
): Promise<readonly Target[]> {
  const type: ResourceType = await typeByWord(client, flags.kind ?? "", signal);
  const place = flags.namespace ?? namespace;
  const scope = { ...(type.namespaced ? { namespace: place } : {}), labelSelector: flags.selector ?? "" };
  const { items } = await client.list(type, scope, signal);
  return items.map(({ metadata }) => ({
    type,
    ref: type.namespaced ? { namespace: place, name: metadata.name } : { name: metadata.name },
  }));
}

function needed(object: KubeObject | undefined, action: Action): KubeObject {
  if (object !== undefined) return object;
  throw AgentError.RESOURCE_INVALID({ field: "manifest", reason: `action '${action}' needs one` });
}

function inPlace(object: KubeObject, { type, ref }: Target): KubeObject {
  const { namespace: _, ...metadata } = object.metadata;
  return {
    ...object,
    metadata: {
      ...metadata,
      ...(type.namespaced && ref.namespace !== undefined ? { namespace: ref.namespace } : {}),
    },
  };
}

/** A merge patch that makes `there` into `wanted`; what only the server writes is left alone. */
function difference(there: KubeObject, wanted: KubeObject): Record<string, unknown> {
  const made: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(there), ...Object.keys(wanted)]))
    if (key !== "metadata" && key !== "status") made[key] = patchOf(there[key], wanted[key]);
  return made;
}

function patchOf(there: unknown, wanted: unknown): unknown {
  if (wanted === undefined) return null;
  if (!isObject(there) || !isObject(wanted)) return wanted;
  const made: Record<string, unknown> = {};
  for (const key of new Set([...Object.keys(there), ...Object.keys(wanted)]))
    made[key] = patchOf(there[key], wanted[key]);
  return made;
}

const metadataOf = (there: KubeObject, wanted: KubeObject): Record<string, unknown> => ({
  labels: patchOf(there.metadata.labels ?? {}, wanted.metadata.labels ?? {}),
  annotations: patchOf(there.metadata.annotations ?? {}, wanted.metadata.annotations ?? {}),
});
