// The API's shell: fastify carries requests to the routes' handlers and answers back. Nothing else here knows fastify.
// Invariants
//   A1. Every answer that is not a success has the one error shape.
//   A2. Who may ask is decided before a body is read.
//   A3. No handler's stream outlives its client or the server.

import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { type AppError, messageOf, sleepFor } from "@sluice/base";
import { parseJsonBytes } from "@sluice/sources";
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from "fastify";
import { ServerError } from "../errors.ts";
import { answerOf, maxBodyBytes } from "./answer-error.ts";
import { openEventStream } from "./event-stream.ts";
import { makeGuard } from "./guard.ts";
import { openApiDocument } from "./openapi.ts";
import type { ServerDeps } from "./ports.ts";
import { type ApiCall, type ApiRoute, json } from "./route.ts";
import { apiRoutes } from "./routes/index.ts";

export interface ServerOptions {
  /** Default 127.0.0.1. Anything that is not loopback needs a token. */
  readonly host?: string;
  /** Default 2746; 0 takes a free one. */
  readonly port?: number;
  /** Bearer token that every request but /healthz has to bring. */
  readonly token?: string;
}

export interface ApiServer extends AsyncDisposable {
  /** Resolves with the address, `http://127.0.0.1:2746`. Errors: SERVER_LISTEN. */
  listen(): Promise<string>;
  /** Handles a request without a socket, for tests. */
  readonly inject: FastifyInstance["inject"];
}

declare module "fastify" {
  interface FastifyRequest {
    sluiceUser: string;
  }
}

/** Requests under way get this long to end when the server closes, ms. */
const graceMs = 2_000;

/** Makes the API; nothing listens until `listen`. Errors: SERVER_TOKEN_REQUIRED. */
export function makeServer(deps: ServerDeps, options: ServerOptions = {}): ApiServer {
  const host = options.host ?? "127.0.0.1";
  const port = options.port ?? 2_746;
  const guard = makeGuard(host, options.token);
  const closing = new AbortController();
  const app = fastify({
    logger: false,
    bodyLimit: maxBodyBytes,
    requestTimeout: 60_000,
    keepAliveTimeout: 30_000,
    forceCloseConnections: "idle",
    genReqId: () => deps.random.id().slice(0, 16),
    routerOptions: { ignoreTrailingSlash: true, maxParamLength: 1_024 },
    // What is refused before a route is found has the same shape as every other refusal (A1).
    frameworkErrors: (error, request, reply: FastifyReply) => void answerError(deps, error, request, reply),
    clientErrorHandler: answerUnreadable,
    ajv: { customOptions: { removeAdditional: false, coerceTypes: false, allErrors: false } },
  });
  app.decorateRequest("sluiceUser", "");
  app.addHook("onRequest", async (request) => {
    request.sluiceUser = guard.check(request.headers, request.url.split("?")[0] ?? "");
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity")
      throw ServerError.ENCODING_UNSUPPORTED({ encoding: encoding.slice(0, 80) });
  });
  takeBodies(app);
  const routes = withDocument(apiRoutes(deps), deps.version);
  for (const route of routes) addRoute(app, route, { deps, closing: closing.signal });
  app.setNotFoundHandler((request) => {
    throw ServerError.ROUTE_UNKNOWN({
      method: request.method,
      path: (request.url.split("?")[0] ?? "").slice(0, 256),
    });
  });
  app.setErrorHandler((error, request, reply) => answerError(deps, error, request, reply));
  return {
    inject: app.inject.bind(app) as FastifyInstance["inject"],
    listen: () => listen(app, host, port),
    async [Symbol.asyncDispose]() {
      closing.abort();
      const closed = app.close();
      // A connection whose stream ends just now is idle only after the idle ones were closed, and would keep us.
      const grace = new AbortController();
      void sleepFor(deps.clock, graceMs, grace.signal).then(() => app.server.closeAllConnections());
      await closed;
      grace.abort();
    },
  };
}

/** Bytes that are no HTTP request have no route and no reply: the answer is written as text. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) return void socket.destroy(error);
  const large = error.code === "HPE_HEADER_OVERFLOW";
  const reason = large ? "its header fields are too large" : "it is not a valid HTTP request";
  const body = JSON.stringify(ServerError.REQUEST_INVALID({ where: "request", reason }));
  const status = large ? "431 Request Header Fields Too Large" : "400 Bad Request";
  socket.end(
    `HTTP/1.1 ${status}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    return await app.listen({ host, port });
  } catch (error) {
    throw ServerError.LISTEN({ host, port, reason: messageOf(error) }, error);
  }
}

/** The table of routes with the two paths that show it. */
export function withDocument(routes: readonly ApiRoute[], version: string): readonly ApiRoute[] {
  const all: ApiRoute[] = [...routes];
  let document: object | undefined;
  for (const [path, id] of [
    ["/openapi.json", "getOpenApi"],
    ["/api/v1/swagger.json", "getSwagger"],
  ] as const) {
    all.push({
      method: "GET",
      path,
      id,
      summary: "This document",
      handle: () => {
        document ??= openApiDocument(all, version);
        return json(document);
      },
    });
  }
  return all;
}

/**
 * JSON with bounded depth and exact numbers, also where it is said to be a form, as `curl -d` does and Argo's server
 * takes it; YAML as text. Anything else is refused. A form of another site's page is kept away by its Origin.
 */
function takeBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const json = ["application/json", "application/x-www-form-urlencoded"];
  app.addContentTypeParser(json, { parseAs: "buffer" }, (_request, body, done) => {
    if (body.length === 0) return done(null, {});
    const parsed = parseJsonBytes(typeof body === "string" ? Buffer.from(body) : body);
    if (parsed.ok) return done(null, parsed.value);
    return done(ServerError.REQUEST_INVALID({ where: "body", reason: parsed.reason }));
  });
  const yaml = ["application/yaml", "application/x-yaml", "text/yaml"];
  app.addContentTypeParser(yaml, { parseAs: "string" }, (_request, body, done) => done(null, body));
}

interface RouteContext {
  readonly deps: ServerDeps;
  readonly closing: AbortSignal;
}

function addRoute(app: FastifyInstance, route: ApiRoute, context: RouteContext): void {
  // A YAML body is a text, which the schema of the JSON form does not fit.
  const schema = route.body === undefined || route.yaml === true ? {} : { schema: { body: route.body } };
  app.route({
    method: route.method,
    url: route.path,
    ...schema,
    // A verb sent without a body, as Argo's clients do, is one with nothing in it.
    preValidation: async (request) => {
      if (route.body !== undefined) request.body ??= {};
    },
    handler: async (request, reply) => {
      const call = callOf(request, reply);
      if (typeof call.body === "string" && route.yaml !== true) {
        throw ServerError.CONTENT_TYPE_UNSUPPORTED({ contentType: "yaml" });
      }
      const answer = await route.handle(call);
      if (answer.kind === "json") return reply.code(answer.status ?? 200).send(answer.body);
      if (answer.kind === "text") return reply.type(answer.contentType).send(answer.body);
      if (answer.kind === "bytes")
        return reply.type(answer.contentType).headers(answer.headers).send(Readable.from(answer.body));
      reply.hijack();
      const open = openEventStream(reply.raw, context.deps.clock, context.closing);
      try {
        await answer.write(open.stream, open.signal);
        open.end();
      } catch (error) {
        const ended = open.signal.aborted;
        open.end(ended ? undefined : { error: answerOf(error, request.id).body });
        if (!ended) context.deps.log.warn("stream broke", { path: route.path, reason: messageOf(error) });
      }
      return reply;
    },
  });
}

function callOf(request: FastifyRequest, reply: FastifyReply): ApiCall {
  const gone = new AbortController();
  reply.raw.once("close", () => gone.abort());
  return {
    params: request.params as Record<string, string>,
    query: single(request.query),
    body: request.body,
    headers: single(request.headers),
    user: request.sluiceUser,
    signal: gone.signal,
  };
}

/** The first value of each name. */
function single(values: unknown): Record<string, string | undefined> {
  const entries = Object.entries(values as Record<string, string | string[] | undefined>);
  return Object.fromEntries(entries.map(([name, value]) => [name, Array.isArray(value) ? value[0] : value]));
}

function answerError(
  deps: ServerDeps,
  error: unknown,
  request: Pick<FastifyRequest, "id" | "routeOptions">,
  reply: FastifyReply,
) {
  const { status, body } = answerOf(error, request.id);
  if (status === 500) {
    const cause = error as AppError;
    deps.log.error("request met a bug", {
      request: request.id,
      path: request.routeOptions.url,
      reason: messageOf(error),
      stack: cause.stack,
    });
  }
  if (status === 401) void reply.header("www-authenticate", "Bearer");
  if (status === 503) void reply.header("retry-after", "2");
  return reply.code(status).send(body);
}
