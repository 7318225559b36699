// Applied EventSources and Sensors with what they are doing now.
import type { Resource } from "@sluice/bus";
import { ServerError } from "../../errors.ts";
import type { ServerDeps } from "../ports.ts";
import { type ApiCall, type ApiRoute, json } from "../route.ts";

const kinds = [
  { plural: "sources", kind: "EventSource", what: "event source" },
  { plural: "sensors", kind: "Sensor", what: "sensor" },
] as const;
type Kind = (typeof kinds)[number];

export const resourceRoutes = (deps: ServerDeps): readonly ApiRoute[] =>
  kinds.flatMap((kind) => routesOf(deps, kind));

function routesOf(deps: ServerDeps, kind: Kind): readonly ApiRoute[] {
  const base = `/api/v1/sluice/${kind.plural}`;
  const { resources } = deps.stores;
  const title = kind.kind;
  return [
    ...[base, `${base}/:namespace`].map(
      (path): ApiRoute => ({
        method: "GET",
        path,
        id: path === base ? `list${title}sOfAllNamespaces` : `list${title}s`,
        summary: `${title}s with their live state`,
        handle: async (call) => {
          const found = await resources.list(kind.kind, call.params["namespace"]);
          const items = found
            .map((resource) => shown(deps, kind, resource))
            .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
          return json({ items });
        },
      }),
    ),
    {
      method: "GET",
      path: `${base}/:namespace/:name`,
      id: `get${title}`,
      summary: `One ${kind.what}: manifest and live state`,
      handle: async (call) => {
        const { namespace, name } = at(call);
        const resource = await resources.get(kind.kind, namespace, name);
        if (resource === undefined)
          throw ServerError.NOT_FOUND({ what: kind.what, name: `${namespace}/${name}` });
        return json(shown(deps, kind, resource));
      },
    },
    {
      method: "DELETE",
      path: `${base}/:namespace/:name`,
      id: `delete${title}`,
      summary: `Delete the ${kind.what}`,
      handle: async (call) => {
        const { namespace, name } = at(call);
        const existed = await resources.delete(kind.kind, namespace, name);
        if (!existed) throw ServerError.NOT_FOUND({ what: kind.what, name: `${namespace}/${name}` });
        return json({});
      },
    },
  ];
}

const at = (call: ApiCall) => ({
  namespace: call.params["namespace"] ?? "",
  name: call.params["name"] ?? "",
});
const keyOf = (item: { namespace: string; name: string }) => `${item.namespace}/${item.name}`;

function shown(deps: ServerDeps, kind: Kind, resource: Resource) {
  const { namespace, name, generation, appliedAt, manifest } = resource;
  const live =
    kind.plural === "sources" ? deps.sources.get(namespace, name) : deps.sensors.get(namespace, name);
  return {
    namespace,
    name,
    generation,
    appliedAt: new Date(appliedAt).toISOString(),
    status: live ?? null,
    manifest,
  };
}
