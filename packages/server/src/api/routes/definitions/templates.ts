// Argo Server's paths for WorkflowTemplates and ClusterWorkflowTemplates: create, lint, list, get, update, delete.
import { isObject } from "@sluice/base";
import { parseLabelSelector } from "@sluice/engine";
import {
  type ClusterWorkflowTemplate,
  lintObject,
  parseObject,
  requireNoErrors,
  type WorkflowTemplate,
} from "@sluice/spec";
import { ServerError } from "../../../errors.ts";
import type { ServerDeps } from "../../ports.ts";
import { project } from "../../query/fields.ts";
import { limitOf, maxPage, pageOf } from "../../query/page.ts";
import { type ApiCall, type ApiRoute, json } from "../../route.ts";
import { lintOptions } from "./known.ts";
import { objectOf, storable } from "./object.ts";

type Template = WorkflowTemplate | ClusterWorkflowTemplate;

interface Kind {
  readonly kind: "WorkflowTemplate" | "ClusterWorkflowTemplate";
  readonly base: string;
  readonly what: string;
}

const kinds: readonly Kind[] = [
  { kind: "WorkflowTemplate", base: "/api/v1/workflow-templates/:namespace", what: "workflow template" },
  {
    kind: "ClusterWorkflowTemplate",
    base: "/api/v1/cluster-workflow-templates",
    what: "cluster workflow template",
  },
];

export const templateRoutes = (deps: ServerDeps): readonly ApiRoute[] =>
  kinds.flatMap((kind) => [...collectionRoutes(deps, kind), ...objectRoutes(deps, kind)]);

const body = { type: "object", required: ["template"], properties: { template: { type: "object" } } };

const listQuery = {
  "listOptions.labelSelector": "Kubernetes label selector",
  "listOptions.limit": "most items of the answer; 0 = all",
  "listOptions.continue": "metadata.continue of the page before",
  namePattern: "only names with this text",
  fields: "paths to keep, or with '-' to drop",
};

const listPaths = ({ kind, base }: Kind): readonly string[] =>
  kind === "WorkflowTemplate" ? [base, base.replace("/:namespace", "")] : [base];

function collectionRoutes(deps: ServerDeps, kind: Kind): readonly ApiRoute[] {
  return [
    {
      method: "POST",
      path: kind.base,
      id: `create${kind.kind}`,
      summary: `Create a ${kind.what}; one of its name is a conflict`,
      body,
      handle: (call) => create(deps, kind, call),
    },
    {
      method: "POST",
      path: `${kind.base}/lint`,
      id: `lint${kind.kind}`,
      summary: `Check a ${kind.what}: 400 with every issue, or the ${kind.what}`,
      body,
      handle: async (call) => json(await checked(deps, kind, call)),
    },
    ...listPaths(kind).map(
      (path): ApiRoute => ({
        method: "GET",
        path,
        id: `list${kind.kind}s${path === kind.base ? "" : "OfAllNamespaces"}`,
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
      id: `get${kind.kind}`,
      summary: `One ${kind.what}`,
      handle: async (call) => json(objectOf(await existing(deps, kind, call))),
    },
    {
      method: "PUT",
      path,
      id: `update${kind.kind}`,
      summary: `Replace a ${kind.what}. With metadata.resourceVersion only when it is still that one`,
      body,
      handle: (call) => update(deps, kind, call),
    },
    {
      method: "DELETE",
      path,
      id: `delete${kind.kind}`,
      summary: `Delete a ${kind.what}; runs that use it keep what they took from it`,
      handle: async (call) => {
        const name = call.params["name"] ?? "";
        if (!(await deps.stores.resources.delete(kind.kind, namespaceOf(kind, call), name)))
          throw notFound(kind, call);
        return json({});
      },
    },
  ];
}

const namespaceOf = (kind: Kind, call: ApiCall): string =>
  kind.kind === "ClusterWorkflowTemplate" ? "" : (call.params["namespace"] ?? "");

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

/** The body's template, parsed and linted. Errors: SPEC_INVALID with every issue, SERVER_REQUEST_INVALID. */
async function checked(deps: ServerDeps, kind: Kind, call: ApiCall): Promise<Template> {
  const sent = isObject(call.body) ? call.body["template"] : undefined;
  const read = parseObject(kind.kind, sent);
  if (read.value === undefined) {
    requireNoErrors(read.issues);
    throw ServerError.REQUEST_INVALID({ where: "template", reason: `is no ${kind.kind}` });
  }
  const { metadata } = read.value;
  const namespace = namespaceOf(kind, call);
  if (namespace !== "" && metadata.namespace !== undefined && metadata.namespace !== namespace) {
    throw ServerError.REQUEST_INVALID({
      where: "template.metadata.namespace",
      reason: `'${metadata.namespace}' is not the namespace '${namespace}' of the path`,
    });
  }
  const whole: Template =
    namespace === "" ? read.value : { ...read.value, metadata: { ...metadata, namespace } };
  const options = await lintOptions(deps, namespace === "" ? "default" : namespace, [whole]);
  requireNoErrors([...read.issues, ...lintObject(whole, options)]);
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
      where: "template.metadata.name",
      reason: `'${name ?? ""}' is not the name '${known.name}' of the path`,
    });
  if (resourceVersion !== undefined && resourceVersion !== String(known.revision))
    throw ServerError.CHANGED_MEANWHILE({ what: kind.what, name: known.name });
  return store(deps, kind, known.namespace, template);
}

async function store(deps: ServerDeps, { kind }: Kind, namespace: string, template: Template) {
  const { name = "" } = template.metadata;
  const { resource, outcome } = await deps.stores.resources.apply(kind, namespace, name, storable(template));
  deps.log.info("manifest applied", { kind, namespace, name, outcome });
  return json(objectOf(resource));
}

async function list(deps: ServerDeps, kind: Kind, call: ApiCall) {
  const matches = parseLabelSelector(call.query["listOptions.labelSelector"]);
  const text = call.query["namePattern"] ?? "";
  const namespace = kind.kind === "ClusterWorkflowTemplate" ? "" : call.params["namespace"];
  const found = (await deps.stores.resources.list(kind.kind, namespace)).filter(
    ({ name, manifest }) => name.includes(text) && matches((manifest as Template).metadata.labels ?? {}),
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
