// An API server in memory: objects, resource versions, watches, and the failures that real ones have.
// Invariants
//   F1. Every change gets the next resource version; a watch from version v sees every later change once, in order.
//   F2. `compact` makes all earlier versions too old: watches from them fail with KUBE_GONE.
//   F3. `dropWatches` ends all watches as a broken connection does.
import { isObject, Mailbox } from "@sluice/base";
import type { KubeClient, ListScope, LogOptions, Patch, WatchEvent } from "../client.ts";
import { KubeError } from "../errors.ts";
import { apiVersionOf, type KubeObject, type ObjectRef, type ResourceType, resources } from "../object.ts";
import { mergePatch, patchedDocument } from "../patch.ts";
import { matchesSelector } from "./semantics.ts";

interface Recorded {
  readonly version: number;
  readonly type: ResourceType;
  readonly event: Exclude<WatchEvent, { type: "bookmark" }>;
}

interface OpenWatch {
  readonly box: Mailbox<WatchEvent>;
  readonly type: ResourceType;
  readonly scope: ListScope;
  fail?: unknown;
}

export class FakeKube implements KubeClient {
  readonly server = "https://fake.invalid";
  readonly namespace = "default";
  readonly #objects = new Map<string, { readonly type: ResourceType; readonly object: KubeObject }>();
  readonly #history: Recorded[] = [];
  readonly #watches = new Set<OpenWatch>();
  readonly #logs = new Map<string, Buffer[]>();
  readonly #failures: { readonly method: string; readonly error: unknown }[] = [];
  /** Every call that came in, as "METHOD plural name". */
  readonly calls: string[] = [];
  #version = 1;
  #compactedTo = 0;

  /** The next call of `method` ("create", "list", "watch" …) throws `error`; may be asked for several times. */
  failNext(method: string, error: unknown): void {
    this.#failures.push({ method, error });
  }

  /** F2 */
  compact(): void {
    this.#compactedTo = this.#version;
    this.#version += 1;
    this.#history.length = 0;
  }

  /** F3 */
  dropWatches(error: unknown = KubeError.UNAVAILABLE({ what: "WATCH", said: "connection reset" })): void {
    for (const watch of this.#watches) {
      watch.fail = error;
      watch.box.close();
    }
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** Writes the status that a kubelet would. */
  setStatus(type: ResourceType, ref: ObjectRef, status: Readonly<Record<string, unknown>>): KubeObject {
    const { object } = this.#find(type, ref);
    return this.#store(type, { ...object, status }, "modified");
  }

  /** Takes an object away at once, as a node's loss or a force deletion does. */
  remove(type: ResourceType, ref: ObjectRef): void {
    const { object } = this.#find(type, ref);
    this.#objects.delete(this.#key(type, ref));
    this.#record(type, { type: "deleted", object: this.#versioned(object) });
  }

  /** Appends to what a container has logged, as the kubelet gives it with timestamps. */
  writeLog(namespace: string, pod: string, text: string): void {
    const key = `${namespace}/${pod}`;
    this.#logs.set(key, [...(this.#logs.get(key) ?? []), Buffer.from(text)]);
  }

  async version(): Promise<string> {
    this.#called("version", "");
    return "v0.0.0-fake";
  }

  async resolve(apiVersion: string, kind: string): Promise<ResourceType> {
    this.#called("resolve", kind);
    const found = Object.values(resources).find((r) => r.kind === kind && apiVersionOf(r) === apiVersion);
    if (found === undefined) throw KubeError.UNKNOWN_KIND({ apiVersion, kind });
    return found;
  }

  async create(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    const ref = this.#refOf(type, object.metadata);
    this.#called("create", `${type.plural} ${ref.name}`);
    if (this.#objects.has(this.#key(type, ref))) throw KubeError.EXISTS(this.#where("POST", type, ref));
    return this.#store(type, this.#born(type, object, ref), "added");
  }

  async get(type: ResourceType, ref: ObjectRef): Promise<KubeObject> {
    this.#called("get", `${type.plural} ${ref.name}`);
    return this.#find(type, ref).object;
  }

  async list(type: ResourceType, scope: ListScope) {
    this.#called("list", type.plural);
    const items = [...this.#objects.values()]
      .filter((row) => row.type.plural === type.plural && inScope(row.object, scope))
      .map((row) => row.object);
    return { items, resourceVersion: String(this.#version) };
  }

  async apply(type: ResourceType, object: KubeObject): Promise<KubeObject> {
    const ref = this.#refOf(type, object.metadata);
    this.#called("apply", `${type.plural} ${ref.name}`);
    const known = this.#objects.get(this.#key(type, ref));
    if (known === undefined) return this.#store(type, this.#born(type, object, ref), "added");
    return this.#store(type, mergePatch(known.object, object) as KubeObject, "modified");
  }

  async patch(type: ResourceType, ref: ObjectRef, patch: Patch): Promise<KubeObject> {
    this.#called("patch", `${type.plural} ${ref.name}`);
    const { object } = this.#find(type, ref);
    return this.#store(type, patchedDocument(object, patch) as KubeObject, "modified");
  }

  async delete(type: ResourceType, ref: ObjectRef, options: { graceSeconds?: number; uid?: string } = {}) {
    this.#called("delete", `${type.plural} ${ref.name}`);
    const { object } = this.#find(type, ref);
    if (options.uid !== undefined && options.uid !== object.metadata.uid)
      throw KubeError.CONFLICT(this.#where("DELETE", type, ref));
    const phase = isObject(object["status"]) ? object["status"]["phase"] : undefined;
    const placed = isObject(object["spec"]) && object["spec"]["nodeName"] !== undefined;
    const lingers = type.kind === "Pod" && options.graceSeconds !== 0 && (phase === "Running" || placed);
    if (!lingers) {
      this.remove(type, ref);
      return;
    }
    const deletionTimestamp = new Date(8.64e12).toISOString();
    this.#store(type, { ...object, metadata: { ...object.metadata, deletionTimestamp } }, "modified");
  }

  async *watch(type: ResourceType, options: ListScope & { resourceVersion: string }, signal: AbortSignal) {
    this.#called("watch", type.plural);
    const from = Number(options.resourceVersion);
    if (from < this.#compactedTo)
      throw KubeError.GONE({ what: `WATCH ${type.plural}`, said: "too old resource version" });
    const watch: OpenWatch = { box: new Mailbox<WatchEvent>(signal), type, scope: options };
    for (const past of this.#history)
      if (past.version > from && past.type.plural === type.plural && inScope(past.event.object, options))
        watch.box.put(past.event);
    this.#watches.add(watch);
    try {
      yield* watch.box;
      if (watch.fail !== undefined && !signal.aborted) throw watch.fail;
    } finally {
      this.#watches.delete(watch);
    }
  }

  async *logs(options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
    this.#called("logs", options.pod);
    this.#find(resources.pods, { namespace: options.namespace, name: options.pod });
    for (const chunk of this.#logs.get(`${options.namespace}/${options.pod}`) ?? []) {
      if (signal.aborted) return;
      yield chunk;
    }
  }

  async exec(): Promise<never> {
    throw KubeError.EXEC({ what: "exec", said: "the fake runs nothing" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const watch of this.#watches) watch.box.close();
  }

  #called(method: string, about: string): void {
    this.calls.push(`${method} ${about}`.trim());
    const at = this.#failures.findIndex((failure) => failure.method === method);
    if (at === -1) return;
    throw this.#failures.splice(at, 1)[0]?.error;
  }

  #find(type: ResourceType, ref: ObjectRef) {
    const row = this.#objects.get(this.#key(type, ref));
    if (row === undefined) throw KubeError.NOT_FOUND(this.#where("GET", type, ref));
    return row;
  }

  #born(type: ResourceType, object: KubeObject, ref: ObjectRef): KubeObject {
    const uid = `uid-${this.#version + 1}`;
    const namespace = type.namespaced ? { namespace: ref.namespace ?? this.namespace } : {};
    return {
      ...object,
      apiVersion: apiVersionOf(type),
      kind: type.kind,
      metadata: { ...object.metadata, ...namespace, uid },
      ...(type.kind === "Pod" ? { status: { phase: "Pending" } } : {}),
    };
  }

  #store(type: ResourceType, object: KubeObject, event: "added" | "modified"): KubeObject {
    const stored = this.#versioned(object);
    this.#objects.set(this.#key(type, this.#refOf(type, object.metadata)), { type, object: stored });
    this.#record(type, { type: event, object: stored });
    return stored;
  }

  #versioned(object: KubeObject): KubeObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #record(type: ResourceType, event: Recorded["event"]): void {
    this.#history.push({ version: this.#version, type, event });
    for (const watch of this.#watches)
      if (watch.type.plural === type.plural && inScope(event.object, watch.scope)) watch.box.put(event);
  }

  #refOf(type: ResourceType, ref: ObjectRef): ObjectRef {
    return type.namespaced
      ? { namespace: ref.namespace ?? this.namespace, name: ref.name }
      : { name: ref.name };
  }

  #key(type: ResourceType, ref: ObjectRef): string {
    const { namespace = "", name } = this.#refOf(type, ref);
    return `${type.plural} ${namespace}/${name}`;
  }

  #where(method: string, type: ResourceType, ref: ObjectRef) {
    return { what: `${method} ${type.plural}`, said: `${type.plural} "${ref.name}"` };
  }
}

const inScope = (object: KubeObject, scope: ListScope): boolean =>
  (scope.namespace === undefined || object.metadata.namespace === scope.namespace) &&
  matchesSelector(scope.labelSelector, object.metadata.labels ?? {});
