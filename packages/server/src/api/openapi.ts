import type { ApiRoute } from "./route.ts";

const errorSchema = {
  type: "object",
  required: ["code", "message", "hint", "details"],
  properties: {
    code: { type: "string", description: "PACKAGE_REASON; never renamed" },
    message: { type: "string" },
    hint: { type: "string", description: "what to do next" },
    details: { type: "object" },
  },
};

/** The OpenAPI 3.1 document of the routes: made from the very table that serves them. */
export function openApiDocument(routes: readonly ApiRoute[], version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    const path = documentPath(route);
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Sluice",
      version,
      description: "Workflows as Argo Server has them; the rest under /api/v1/sluice/.",
    },
    paths,
    components: {
      schemas: { Error: errorSchema },
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
    security: [{}, { token: [] }],
  };
}

/** The path as OpenAPI writes it; what a `*` stands for is the parameter `path`. */
const documentPath = ({ path }: ApiRoute): string => path.replace(/:(\w+)/g, "{$1}").replace(/\*$/, "{path}");

function operationOf(route: ApiRoute): object {
  const inPath = [...documentPath(route).matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const inQuery = Object.entries(route.query ?? {}).map(([name, description]) => ({
    name,
    in: "query",
    required: false,
    description,
    schema: { type: "string" },
  }));
  const media = route.streams === true ? "text/event-stream" : "application/json";
  return {
    operationId: route.id,
    summary: route.summary,
    parameters: [...inPath, ...inQuery],
    ...(route.body === undefined ? {} : { requestBody: requestOf(route) }),
    responses: {
      "200": { description: "what was asked for", content: { [media]: {} } },
      default: {
        description: "an error",
        content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
      },
    },
  };
}

function requestOf(route: ApiRoute): object {
  const yaml = route.yaml === true ? { "application/yaml": { schema: { type: "string" } } } : {};
  return { required: true, content: { "application/json": { schema: route.body }, ...yaml } };
}
