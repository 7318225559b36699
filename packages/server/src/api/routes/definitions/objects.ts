// Argo Server's paths for WorkflowTemplates, ClusterWorkflowTemplates, EventSources and Sensors: create, lint, list,
// get, update, delete, and for the last two a watch.
import { isObject } from "@sluice/base";
import type { ResourceChange } from "@sluice/bus";
import { parseLabelSelector } from "@sluice/engine";
import { lintObject, type Manifest, parseObject, requireNoErrors } from "@sluice/spec";
import { ServerError } from "../../../errors.ts";
import type { ServerDeps } from "../../ports.ts";
import { project } from "../../query/fields.ts";
import { limitOf, maxPage, pageOf } from "../../query/page.ts";
import { type ApiCall, type ApiRoute, json } from "../../route.ts";
import { lintOptions } from "./known.ts";
import { objectOf, storable } from "./object.ts";

interface Kind {
  readonly kind: "WorkflowTemplate" | "ClusterWorkflowTemplate" | "EventSource" | "Sensor";
  readonly base: string;
  readonly what: string;
  /** The body's field that holds the object. */
  readonly field: "template" | "eventsource" | "sensor";
  /** Path of its watch, where there is one. */
  readonly stream?: string;
}

const kinds: readonly Kind[] = [
  {
    kind: "WorkflowTemplate",
    base: "/api/v1/workflow-templates/:namespace",
    what: "workflow template",
    field: "template",
  },
  {
    kind: "ClusterWorkflowTemplate",
    base: "/api/v1/cluster-workflow-templates",
    what: "cluster workflow template",
    field: "template",
  },
  {
    kind: "EventSource",
    base: "/api/v1/event-sources/:namespace",
    what: "event source",
    field: "eventsource",
    stream: "/api/v1/stream/event-sources/:namespace",
  },
  {
    kind: "Sensor",
    base: "/api/v1/sensors/:namespace",
    what: "sensor",
    field: "sensor",
    stream: "/api/v1/stream/sensors/:namespace",
  },
];

export const definitionRoutes = (deps: ServerDeps): readonly ApiRoute[] =>
  kinds.flatMap((kind) => [
    ...collectionRoutes(deps, kind),
    ...objectRoutes(deps, kind),
    ...streamRoutes(deps, kind),
  ]);

const bodyOf = ({ field }: Kind) => ({
  type: "object",
  required: [field],
  properties: { [field]: { type: "object" } },
});

const listQuery = {
  "listOptions.labelSelector": "Kubernetes label selector",
  "listOptions.limit": "most items of the answer; 0 = all",
  "listOptions.continue": "metadata.continue of the page before",
  namePattern: "only names with this text",
  fields: "paths to keep, or with '-' to drop",
};

const isCluster = ({ kind }: Kind): boolean => kind === "ClusterWorkflowTemplate";

const listPaths = (kind: Kind): readonly string[] =>
  isCluster(kind) ? [kind.base] : [kind.base, kind.base.replace("/:namespace", "")];

function collectionRoutes(deps: ServerDeps, kind: Kind): readonly ApiRoute[] {
  return [
    {
      method: "POST",
      path: kind.base,
      id: `create${idOf(kind)}`,
      summary: `Create ${one(kind)}; one of its name is a conflict`,
      body: bodyOf(kind),
      handle: (call) => create(deps, kind, call),
    },
    {
      method: "POST",
      path: `${kind.base}/lint`,
      id: `lint${idOf(kind)}`,
      summary: `Check ${one(kind)}: 400 with every issue, or the ${kind.what}`,
      body: bodyOf(kind),
      handle: async (call) => json(await checked(deps, kind, call)),
    },
    ...listPaths(kind).map(
      (path): ApiRoute => ({
        method: "GET",
        path,
        id: `list${idOf(kind)}s${path === kind.base ? "" : "OfAllNamespaces"}`,
        summary: `List ${kind.what}s, by name`,
        query: listQuery,
        handle: (call) => list(deps, kind, call),
      }),
    ),
  ];
}

function objectRoutes(deps: ServerDeps, kind: Kind): readonly ApiRoute[] {
  const path = `${kind.base}/:name`;
  return [
    {
      method: "GET",
      path,
      id: `get${idOf(kind)}`,
      summary: `One ${kind.what}`,
      handle: async (call) => json(objectOf(await existing(deps, kind, call))),
    },
    {
      method: "PUT",
      path,
      id: `update${idOf(kind)}`,
      summary: `Replace ${one(kind)}. With metadata.resourceVersion only when it is still that one`,
      body: bodyOf(kind),
      handle: (call) => update(deps, kind, call),
    },
    {
      method: "DELETE",
      path,
      id: `delete${idOf(kind)}`,
      summary: `Delete ${one(kind)}${kind.field === "template" ? "; runs that use it keep what they took from it" : ""}`,
      handle: async (call) => {
        const name = call.params["name"] ?? "";
        if (!(await deps.stores.resources.delete(kind.kind, namespaceOf(kind, call), name)))
          throw notFound(kind, call);
        return json({});
      },
    },
  ];
}

/** Our own paths have operations of the plain names for the kinds of events. */
const idOf = ({ kind, field }: Kind): string => (field === "template" ? kind : `${kind}Object`);
const one = ({ what }: Kind): string => `${/^[aeiou]/.test(what) ? "an" : "a"} ${what}`;

function streamRoutes(deps: ServerDeps, kind: Kind): readonly ApiRoute[] {
  if (kind.stream === undefined) return [];
  return [
    {
      method: "GET",
      path: kind.stream,
      id: `watch${kind.kind}s`,
      summary: `Watch ${kind.what}s: first all there are as ADDED, then every change`,
      streams: true,
      handle: (call) => ({
        kind: "stream",
        async write(out, signal) {
          const changes = deps.stores.resources.watch([kind.kind], signal);
          for await (const result of watchEvents(changes, namespaceOf(kind, call)))
            await out.send({ result });
        },
      }),
    },
  ];
}

/** Kubernetes' watch events of one namespace's objects. */
async function* watchEvents(
  changes: AsyncIterable<ResourceChange>,
  namespace: string,
): AsyncGenerator<{ readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: object }> {
  const shown = new Map<string, object>();
  for await (const change of changes) {
    if (change.type === "caught-up") continue;
    const at = change.type === "applied" ? change.resource : change;
    if (at.namespace !== namespace) continue;
    const before = shown.get(at.name);
    if (change.type === "applied") {
      const object = objectOf(change.resource);
      shown.set(at.name, object);
      yield { type: before === undefined ? "ADDED" : "MODIFIED", object };
    } else if (before !== undefined) {
      shown.delete(at.name);
      yield { type: "DELETED", object: before };
    }
  }
}

const namespaceOf = (kind: Kind, call: ApiCall): string =>
  isCluster(kind) ? "" : (call.params["namespace"] ?? "");

function notFound(kind: Kind, call: ApiCall) {
  const namespace = namespaceOf(kind, call);
  const name = call.params["name"] ?? "";
  return ServerError.NOT_FOUND({ what: kind.what, name: namespace === "" ? name : `${namespace}/${name}` });
}

async function existing(deps: ServerDeps, kind: Kind, call: ApiCall) {
  const name = call.params["name"] ?? "";
  const found = await deps.stores.resources.get(kind.kind, namespaceOf(kind, call), name);
  if (found === undefined) throw notFound(kind, call);
  return found;
}

/** The body's object, parsed and linted. Errors: SPEC_INVALID with every issue, SERVER_REQUEST_INVALID. */
async function checked(deps: ServerDeps, kind: Kind, call: ApiCall): Promise<Manifest> {
  const sent = isObject(call.body) ? call.body[kind.field] : undefined;
  const read = parseObject(kind.kind, sent);
  if (read.value === undefined) {
    requireNoErrors(read.issues);
    throw ServerError.REQUEST_INVALID({ where: kind.field, reason: `is no ${kind.kind}` });
  }
  const { metadata } = read.value;
  const namespace = namespaceOf(kind, call);
  if (namespace !== "" && metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw ServerError.REQUEST_INVALID({
      where: `${kind.field}.metadata.namespace`,
      reason: `'${metadata.namespace}' is not the namespace '${namespace}' of the path`,
    });
  }
  const whole: Manifest =
    namespace === "" ? read.value : { ...read.value, metadata: { ...metadata, namespace } };
  const options = await lintOptions(deps, namespace === "" ? "default" : namespace, [whole]);
  requireNoErrors([...read.issues, ...lintObject(whole, { ...options, purpose: "apply" })]);
  return whole;
}

async function create(deps: ServerDeps, kind: Kind, call: ApiCall) {
  const template = await checked(deps, kind, call);
  const namespace = namespaceOf(kind, call);
  const { name = "" } = template.metadata;
  if ((await deps.stores.resources.get(kind.kind, namespace, name)) !== undefined)
    throw ServerError.ALREADY_EXISTS({ what: kind.what, name });
  return store(deps, kind, namespace, template);
}

async function update(deps: ServerDeps, kind: Kind, call: ApiCall) {
  const template = await checked(deps, kind, call);
  const known = await existing(deps, kind, call);
  const { name, resourceVersion } = template.metadata;
  if (name !== known.name)
    throw ServerError.REQUEST_INVALID({
      where: `${kind.field}.metadata.name`,
      reason: `'${name ?? ""}' is not the name '${known.name}' of the path`,
    });
  if (resourceVersion !== undefined && resourceVersion !== String(known.revision))
    throw ServerError.CHANGED_MEANWHILE({ what: kind.what, name: known.name });
  return store(deps, kind, known.namespace, template);
}

async function store(deps: ServerDeps, { kind }: Kind, namespace: string, object: Manifest) {
  const { name = "" } = object.metadata;
  const { resource, outcome } = await deps.stores.resources.apply(kind, namespace, name, storable(object));
  deps.log.info("manifest applied", { kind, namespace, name, outcome });
  return json(objectOf(resource));
}

async function list(deps: ServerDeps, kind: Kind, call: ApiCall) {
  const matches = parseLabelSelector(call.query["listOptions.labelSelector"]);
  const text = call.query["namePattern"] ?? "";
  const namespace = isCluster(kind) ? "" : call.params["namespace"];
  const found = (await deps.stores.resources.list(kind.kind, namespace)).filter(
    ({ name, manifest }) => name.includes(text) && matches((manifest as Manifest).metadata.labels ?? {}),
  );
  const page = pageOf(found, (one) => `${one.namespace}/${one.name}`, {
    limit: limitOf(call.query["listOptions.limit"], maxPage),
    token: call.query["listOptions.continue"],
  });
  const metadata = page.next === "" ? {} : { continue: page.next };
  const items = page.items.map(objectOf);
  const answer = { apiVersion: "argoproj.io/v1alpha1", kind: `${kind.kind}List`, metadata, items };
  return json(project(answer, call.query["fields"]));
}
