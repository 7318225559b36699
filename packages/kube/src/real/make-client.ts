import { isObject } from "@sluice/base";
import type {
  ApplyOptions,
  DeleteOptions,
  KubeClient,
  KubeList,
  ListScope,
  LogOptions,
  Patch,
  WatchEvent,
  WatchOptions,
} from "../client.ts";
import type { KubeAccess } from "../config.ts";
import { KubeError } from "../errors.ts";
import { apiVersionOf, type KubeObject, pathOf, type ResourceType, resources } from "../object.ts";
import { execInPod } from "./exec.ts";
import { KubeHttp } from "./http.ts";
import { linesOf } from "./lines.ts";
import { mapNetwork } from "./map-error.ts";
import { readWatchLine } from "./watch-line.ts";

/** An object of etcd is at most 1.5 MB; a watch line carries one. */
const maxWatchLineBytes = 8 * 1024 * 1024;

const patchTypes = {
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** The port over a real API server. Does no I/O until it is used. */
export function makeKubeClient(access: KubeAccess): KubeClient {
  const http = new KubeHttp(access);
  const kinds = new Map<string, ResourceType>();
  const at = (type: ResourceType, ref: { namespace?: string; name?: string; sub?: string }) =>
    pathOf(
      type,
      type.namespaced && ref.namespace === undefined && ref.name !== undefined
        ? { ...ref, namespace: access.namespace }
        : ref,
    );

  return {
    server: access.server,
    namespace: access.namespace,

    async version(signal) {
      const body = await http.json({ method: "GET", path: "/version" }, signal);
      return isObject(body) && typeof body["gitVersion"] === "string" ? body["gitVersion"] : "unknown";
    },
    async resolve(apiVersion, kind, signal) {
      const key = `${apiVersion} ${kind}`;
      const known = kinds.get(key);
      if (known !== undefined) return known;
      const found = await discover(http, apiVersion, kind, signal);
      kinds.set(key, found);
      return found;
    },
    async create(type, object, signal) {
      const namespace = object.metadata.namespace ?? access.namespace;
      return asObject(
        await http.json(
          { method: "POST", path: pathOf(type, { namespace }), body: framed(type, object) },
          signal,
        ),
      );
    },
    async get(type, ref, signal) {
      return asObject(await http.json({ method: "GET", path: at(type, ref) }, signal));
    },
    list: (type, scope, signal) => listAll(http, type, scope, signal),
    async apply(type, object, options: ApplyOptions = {}, signal) {
      return asObject(
        await http.json(
          {
            method: "PATCH",
            path: at(type, object.metadata),
            query: { fieldManager: options.fieldManager ?? "sluice", force: options.force ?? true },
            contentType: "application/apply-patch+yaml",
            body: framed(type, object),
          },
          signal,
        ),
      );
    },
    async patch(type, ref, patch: Patch, signal) {
      return asObject(
        await http.json(
          { method: "PATCH", path: at(type, ref), contentType: patchTypes[patch.type], body: patch.body },
          signal,
        ),
      );
    },
    async delete(type, ref, options: DeleteOptions = {}, signal) {
      await http.text({ method: "DELETE", path: at(type, ref), body: deleteBody(options) }, signal);
    },
    watch: (type, options, signal) => watchOnce(http, type, options, signal),
    logs: (options, signal) => readLogs(http, options, signal),
    exec: (options, signal) => execInPod(access, options, signal),
    async [Symbol.asyncDispose]() {
      http.close();
    },
  };
}

const framed = (type: ResourceType, object: KubeObject): KubeObject => ({
  ...object,
  apiVersion: apiVersionOf(type),
  kind: type.kind,
});

function asObject(body: unknown): KubeObject {
  if (isObject(body) && isObject(body["metadata"])) return body as unknown as KubeObject;
  throw KubeError.UNAVAILABLE({ what: "answer", said: "it is not a Kubernetes object" });
}

const deleteBody = (options: DeleteOptions) => ({
  apiVersion: "v1",
  kind: "DeleteOptions",
  propagationPolicy: options.propagation ?? "Background",
  ...(options.graceSeconds === undefined ? {} : { gracePeriodSeconds: options.graceSeconds }),
  ...(options.uid === undefined ? {} : { preconditions: { uid: options.uid } }),
});

async function discover(http: KubeHttp, apiVersion: string, kind: string, signal?: AbortSignal) {
  const slash = apiVersion.indexOf("/");
  const group = slash === -1 ? "" : apiVersion.slice(0, slash);
  const version = apiVersion.slice(slash + 1);
  const path = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const body = await http.json({ method: "GET", path: encodeURI(path) }, signal).catch((error: unknown) => {
    if (isObject(error) && error["code"] === "KUBE_NOT_FOUND")
      throw KubeError.UNKNOWN_KIND({ apiVersion, kind }, error);
    throw error;
  });
  const rows = isObject(body) && Array.isArray(body["resources"]) ? (body["resources"] as unknown[]) : [];
  for (const row of rows) {
    if (
      !isObject(row) ||
      row["kind"] !== kind ||
      typeof row["name"] !== "string" ||
      row["name"].includes("/")
    )
      continue;
    return { group, version, plural: row["name"], kind, namespaced: row["namespaced"] === true };
  }
  throw KubeError.UNKNOWN_KIND({ apiVersion, kind });
}

async function listAll(
  http: KubeHttp,
  type: ResourceType,
  scope: ListScope,
  signal?: AbortSignal,
): Promise<KubeList> {
  const items: KubeObject[] = [];
  let next: string | undefined;
  let resourceVersion = "";
  do {
    const body = await http.json(
      {
        method: "GET",
        path: pathOf(type, scope.namespace === undefined ? {} : { namespace: scope.namespace }),
        query: {
          labelSelector: scope.labelSelector,
          fieldSelector: scope.fieldSelector,
          limit: scope.pageSize ?? 500,
          continue: next,
        },
      },
      signal,
    );
    const page = asObject(body);
    if (Array.isArray(page["items"])) items.push(...(page["items"] as KubeObject[]));
    resourceVersion = page.metadata.resourceVersion ?? resourceVersion;
    const more = page.metadata["continue"];
    next = typeof more === "string" && more !== "" ? more : undefined;
  } while (next !== undefined);
  return { items, resourceVersion };
}

async function* watchOnce(
  http: KubeHttp,
  type: ResourceType,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent> {
  const timeoutMs = options.timeoutMs ?? 60_000;
  const call = {
    method: "GET",
    path: pathOf(type, options.namespace === undefined ? {} : { namespace: options.namespace }),
    query: {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion: options.resourceVersion,
      labelSelector: options.labelSelector,
      fieldSelector: options.fieldSelector,
      timeoutSeconds: Math.max(1, Math.round(timeoutMs / 1_000)),
    },
    // A server that is gone without a word is noticed soon after the watch should have ended.
    idleMs: timeoutMs + 15_000,
  } as const;
  const what = `WATCH ${call.path}`;
  try {
    const body: AsyncIterable<Buffer> = await http.open(call, signal);
    for await (const line of linesOf(body, maxWatchLineBytes)) {
      if (signal.aborted) return;
      if (line !== "") yield readWatchLine(what, line);
    }
  } catch (error) {
    if (!signal.aborted) throw coded(what, error);
  }
}

async function* readLogs(http: KubeHttp, options: LogOptions, signal: AbortSignal): AsyncGenerator<Buffer> {
  const call = {
    method: "GET",
    path: pathOf(resources.pods, { namespace: options.namespace, name: options.pod, sub: "log" }),
    query: {
      container: options.container,
      follow: options.follow === true ? true : undefined,
      timestamps: options.timestamps === true ? true : undefined,
      sinceTime: options.sinceTime,
      limitBytes: options.limitBytes,
    },
    // A step may be silent for as long as it likes.
    idleMs: options.follow === true ? 0 : 30_000,
  } as const;
  try {
    const body: AsyncIterable<Buffer> = await http.open(call, signal);
    for await (const chunk of body) {
      if (signal.aborted) return;
      yield chunk;
    }
  } catch (error) {
    if (!signal.aborted) throw coded(`${call.method} ${call.path}`, error);
  }
}

const coded = (what: string, error: unknown): unknown =>
  isObject(error) && typeof error["code"] === "string" && error["code"].startsWith("KUBE_")
    ? error
    : mapNetwork(what, error);
