/** The Kubernetes port. @module */
export type {
  ApplyOptions,
  DeleteOptions,
  ExecOptions,
  ExecResult,
  KubeClient,
  KubeList,
  ListScope,
  LogOptions,
  ObjectClient,
  Patch,
  WatchEvent,
  WatchOptions,
} from "./client.ts";
export { type KubeAccess, type KubeConfigOptions, loadKubeConfig } from "./config.ts";
export { KubeError } from "./errors.ts";
export { fileReferences } from "./file-references.ts";
export { type Change, type Informer, type InformerOptions, makeInformer } from "./informer.ts";
export { kubeReferences } from "./kube-references.ts";
export {
  apiVersionOf,
  type KubeObject,
  keyOf,
  type ObjectMeta,
  type ObjectRef,
  type ResourceType,
  resources,
} from "./object.ts";
export { patchedDocument } from "./patch.ts";
export { linesOf } from "./real/lines.ts";
export { makeKubeClient } from "./real/make-client.ts";
export type { References } from "./references.ts";
