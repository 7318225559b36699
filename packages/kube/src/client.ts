import type { KubeObject, ObjectRef, ResourceType } from "./object.ts";

/**
 * What Sluice asks of a Kubernetes API server. Owned by the composition root; disposing closes idle connections and
 * aborts what is in flight.
 * Errors (all methods): KUBE_UNAVAILABLE, KUBE_THROTTLED, KUBE_UNAUTHORIZED (later), KUBE_FORBIDDEN, KUBE_INVALID (never).
 */
export interface KubeClient extends AsyncDisposable {
  /** The API server's address, for messages. */
  readonly server: string;
  /** The namespace of the context in use; "default" when it names none. */
  readonly namespace: string;
  /** "v1.20.2". */
  version(signal?: AbortSignal): Promise<string>;
  /** Where the API server keeps a kind. Errors: KUBE_UNKNOWN_KIND. */
  resolve(apiVersion: string, kind: string, signal?: AbortSignal): Promise<ResourceType>;
  /** Errors: KUBE_EXISTS. */
  create(type: ResourceType, object: KubeObject, signal?: AbortSignal): Promise<KubeObject>;
  /** Errors: KUBE_NOT_FOUND. */
  get(type: ResourceType, ref: ObjectRef, signal?: AbortSignal): Promise<KubeObject>;
  /** All pages, with the resource version of the first: a watch from there misses nothing. */
  list(type: ResourceType, scope: ListScope, signal?: AbortSignal): Promise<KubeList>;
  /** Server-side apply: creates the object or takes over the given fields. Errors: KUBE_CONFLICT unless `force`. */
  apply(
    type: ResourceType,
    object: KubeObject,
    options?: ApplyOptions,
    signal?: AbortSignal,
  ): Promise<KubeObject>;
  /** Errors: KUBE_NOT_FOUND, KUBE_CONFLICT. */
  patch(type: ResourceType, ref: ObjectRef, patch: Patch, signal?: AbortSignal): Promise<KubeObject>;
  /** Asks for deletion; the object may live on until its grace is over. Errors: KUBE_NOT_FOUND, KUBE_CONFLICT (uid). */
  delete(type: ResourceType, ref: ObjectRef, options?: DeleteOptions, signal?: AbortSignal): Promise<void>;
  /**
   * One watch request. Ends when the server closes it (after `timeoutMs` at the latest) or, without throwing, when
   * `signal` aborts. Use an `Informer` to follow a resource for longer.
   * Errors: KUBE_GONE when `resourceVersion` is too old.
   */
  watch(type: ResourceType, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent>;
  /**
   * The container's log as it comes, in chunks that end anywhere. Ends with the log or, without throwing, when `signal`
   * aborts. Errors: KUBE_NOT_FOUND, KUBE_INVALID (the container has not started).
   */
  logs(options: LogOptions, signal: AbortSignal): AsyncIterable<Buffer>;
  /** Runs a command in a running container. Output beyond `maxBytes` a stream is cut. Errors: KUBE_EXEC, KUBE_NOT_FOUND. */
  exec(options: ExecOptions, signal: AbortSignal): Promise<ExecResult>;
}

/** What can be done to objects, whoever keeps them. */
export type ObjectClient = Pick<
  KubeClient,
  "resolve" | "create" | "get" | "list" | "apply" | "patch" | "delete" | "watch"
>;

export interface ListScope {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Items a page; default 500. */
  readonly pageSize?: number;
}

export interface KubeList {
  readonly items: readonly KubeObject[];
  readonly resourceVersion: string;
}

export interface ApplyOptions {
  /** Default "sluice". */
  readonly fieldManager?: string;
  /** Take over fields of other managers; default true. */
  readonly force?: boolean;
}

/** `merge` is RFC 7386, `json` RFC 6902, `strategic` Kubernetes' own (not for custom resources). */
export type Patch =
  | { readonly type: "merge" | "strategic"; readonly body: Readonly<Record<string, unknown>> }
  | { readonly type: "json"; readonly body: readonly Readonly<Record<string, unknown>>[] };

export interface DeleteOptions {
  /** Seconds between SIGTERM and SIGKILL of a pod; 0 removes the object at once. Default: the object's own. */
  readonly graceSeconds?: number;
  /** Delete only the object with this uid. */
  readonly uid?: string;
  readonly propagation?: "Background" | "Foreground" | "Orphan";
}

export interface WatchOptions extends Omit<ListScope, "pageSize"> {
  /** From a list; events after it are delivered. */
  readonly resourceVersion: string;
  /** When the server closes the watch; default 60,000. */
  readonly timeoutMs?: number;
}

export type WatchEvent =
  | { readonly type: "added" | "modified" | "deleted"; readonly object: KubeObject }
  /** Nothing changed; the watch has seen everything up to this version. */
  | { readonly type: "bookmark"; readonly resourceVersion: string };

export interface LogOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  /** Stay until the container ends. */
  readonly follow?: boolean;
  /** Each line begins with its RFC 3339 time with nanoseconds and a blank. */
  readonly timestamps?: boolean;
  /** RFC 3339; the server rounds down to its second. */
  readonly sinceTime?: string;
  readonly limitBytes?: number;
}

export interface ExecOptions {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly stdin?: string;
  /** Default 1 MB. */
  readonly maxBytes?: number;
}

export interface ExecResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}
