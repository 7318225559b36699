// Which object a resource template means, by its manifest or by kubectl's words.
import { hashId, isObject, type Json } from "@sluice/base";
import type { KubeObject, ObjectClient, ObjectRef, ResourceType } from "@sluice/kube";
import { maxWorkflowName } from "@sluice/spec";
import { AgentError } from "../errors.ts";
import type { Flags } from "./flags.ts";

export interface Target {
  readonly type: ResourceType;
  readonly ref: ObjectRef;
}

/** kubectl's words for kinds: plural, singular and short names. */
const words: readonly (readonly [apiVersion: string, kind: string, words: string])[] = [
  ["v1", "Pod", "pod pods po"],
  ["v1", "ConfigMap", "configmap configmaps cm"],
  ["v1", "Secret", "secret secrets"],
  ["v1", "Service", "service services svc"],
  ["v1", "ServiceAccount", "serviceaccount serviceaccounts sa"],
  ["v1", "Namespace", "namespace namespaces ns"],
  ["v1", "Node", "node nodes no"],
  ["v1", "PersistentVolumeClaim", "persistentvolumeclaim persistentvolumeclaims pvc"],
  ["v1", "PersistentVolume", "persistentvolume persistentvolumes pv"],
  ["apps/v1", "Deployment", "deployment deployments deploy"],
  ["apps/v1", "StatefulSet", "statefulset statefulsets sts"],
  ["apps/v1", "DaemonSet", "daemonset daemonsets ds"],
  ["apps/v1", "ReplicaSet", "replicaset replicasets rs"],
  ["batch/v1", "Job", "job jobs"],
  ["batch/v1", "CronJob", "cronjob cronjobs cj"],
  ["networking.k8s.io/v1", "Ingress", "ingress ingresses ing"],
  ["argoproj.io/v1alpha1", "Workflow", "workflow workflows wf"],
];

/** Errors: AGENT_RESOURCE_INVALID, those of Kubernetes. */
export async function typeByWord(
  client: ObjectClient,
  word: string,
  signal: AbortSignal,
): Promise<ResourceType> {
  const found = words.find(([, , names]) => names.split(" ").includes(word.split(".")[0] ?? ""));
  if (found === undefined)
    throw AgentError.RESOURCE_INVALID({
      field: "flags",
      reason: `the kind '${word}' is not known by this name: give a manifest`,
    });
  return client.resolve(found[0], found[1], signal);
}

/** Characters of a generated name before its last eight: a workflow's name becomes a label's value. */
const prefixOf = (kind: string): number => (kind === "Workflow" ? maxWorkflowName - 8 : 240);

/** The manifest as an object with a name. A generated one follows from the step: a repeat makes no second object. */
export function objectOf(manifest: Json, stepId: string, namespace: string): KubeObject {
  if (
    !isObject(manifest) ||
    typeof manifest["kind"] !== "string" ||
    typeof manifest["apiVersion"] !== "string"
  )
    throw AgentError.RESOURCE_INVALID({
      field: "manifest",
      reason: "it must have apiVersion, kind and metadata",
    });
  const metadata = isObject(manifest["metadata"]) ? manifest["metadata"] : {};
  const { generateName, ...rest } = metadata;
  const name =
    typeof metadata["name"] === "string"
      ? metadata["name"]
      : typeof generateName === "string"
        ? `${generateName.slice(0, prefixOf(manifest["kind"]))}${hashId("resource", stepId).toLowerCase().slice(0, 8)}`
        : undefined;
  if (name === undefined)
    throw AgentError.RESOURCE_INVALID({
      field: "manifest",
      reason: "metadata has no name and no generateName",
    });
  const own = typeof metadata["namespace"] === "string" ? metadata["namespace"] : namespace;
  return { ...manifest, metadata: { ...rest, name, namespace: own } } as KubeObject;
}

/** Where the object of a manifest is, or the one that the flags name. */
export async function targetOf(
  client: ObjectClient,
  {
    object,
    flags,
    namespace,
  }: { readonly object: KubeObject | undefined; readonly flags: Flags; readonly namespace: string },
  signal: AbortSignal,
): Promise<Target> {
  const type =
    object === undefined
      ? await typeByWord(client, flags.kind ?? "", signal)
      : await client.resolve(object.apiVersion ?? "", object.kind ?? "", signal);
  const name = object?.metadata.name ?? flags.name;
  if (name === undefined)
    throw AgentError.RESOURCE_INVALID({ field: "flags", reason: `which ${type.kind} is meant is not said` });
  const place = flags.namespace ?? object?.metadata.namespace ?? namespace;
  return { type, ref: type.namespaced ? { namespace: place, name } : { name } };
}
