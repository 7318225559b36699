// One port. Owns: its server, its route table and the requests under way.
// Invariants
//   P1. A request is handled by the table as it was when its head came; a swap in between neither drops nor doubles it.
//   P2. Every wait is bounded: head, whole request, body size, requests at once.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { type AppError, hasCode, isAppError, type Logger, messageOf } from "@sluice/base";
import type { IngressResponse, IngressRoute } from "@sluice/sources";
import { IngressError } from "../errors.ts";
import { HttpIngressRequest, readBody, targetOf } from "./request.ts";
import { type Mounted, RouteTable } from "./route-table.ts";

export interface IngressLimits {
  /** Ms until the head of a request has to be there. Default 10,000. */
  readonly headersTimeoutMs: number;
  /** Ms until the whole request has to be there. Default 30,000. */
  readonly requestTimeoutMs: number;
  /** How often the two are looked at, ms. Default 2,000. */
  readonly checkEveryMs: number;
  /** Ms that an idle connection is kept. Default 30,000. */
  readonly keepAliveMs: number;
  readonly maxHeaderBytes: number;
  /** Requests under way at once on a port; above it 503. Default 1,024. */
  readonly maxInFlight: number;
}

export const defaultLimits: IngressLimits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  checkEveryMs: 2_000,
  keepAliveMs: 30_000,
  maxHeaderBytes: 16_384,
  maxInFlight: 1_024,
};

export interface ListenerDeps {
  readonly limits: IngressLimits;
  readonly now: () => number;
  readonly log: Logger;
}

export class PortListener {
  readonly #deps: ListenerDeps;
  readonly #server: Server | TlsServer;
  table = new RouteTable();
  readonly tls: boolean;
  #inFlight = 0;

  private constructor(deps: ListenerDeps, tls: IngressRoute["tls"]) {
    this.#deps = deps;
    const { limits } = deps;
    const options = {
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.maxHeaderBytes,
      insecureHTTPParser: false,
    };
    const onRequest = (message: IncomingMessage, response: ServerResponse) =>
      void this.#handle(message, response);
    this.tls = tls !== undefined;
    this.#server =
      tls === undefined
        ? createServer(options, onRequest)
        : createTlsServer({ ...options, ...pem(tls) }, onRequest);
  }

  /** Errors: INGRESS_PORT_IN_USE, INGRESS_PORT_DENIED, INGRESS_TLS_INVALID. */
  static async open(deps: ListenerDeps, host: string, route: IngressRoute): Promise<PortListener> {
    const listener = makeOrExplain(route.port, () => new PortListener(deps, route.tls));
    await listener.#listen(host, route.port);
    return listener;
  }

  /** The port it really has: another one than asked for only when 0 was. */
  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0;
  }

  /** Errors: INGRESS_TLS_INVALID. */
  useCertificate(port: number, tls: NonNullable<IngressRoute["tls"]>): void {
    const server = this.#server;
    if ("setSecureContext" in server) makeOrExplain(port, () => server.setSecureContext(pem(tls)));
  }

  /** Takes no new connections; resolves when the open ones have ended. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
    });
  }

  cut(): void {
    this.#server.closeAllConnections();
  }

  #listen(host: string, port: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "EADDRINUSE") reject(IngressError.PORT_IN_USE({ host, port }, error));
        else reject(IngressError.PORT_DENIED({ host, port, reason: error.code ?? error.message }, error));
      });
      this.#server.listen(port, host, resolve);
    });
  }

  async #handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const receivedAt = this.#deps.now();
    const target = targetOf(message.url ?? "/");
    const found = this.table.find(message.method ?? "GET", target.path);
    if (found.kind !== "route") {
      refuse(
        message,
        response,
        found.kind === "method" ? notAllowed(message, found.allow) : missing(message, target.path),
      );
      return;
    }
    if (this.#inFlight >= this.#deps.limits.maxInFlight) {
      refuse(
        message,
        response,
        errorAnswer(503, IngressError.OVERLOADED({ limit: this.#inFlight }), { "retry-after": "1" }),
      );
      return;
    }
    const { mounted } = found;
    this.#inFlight += 1;
    mounted.inFlight += 1;
    try {
      const body = await readBody(message, mounted.route.maxBodyBytes);
      if (body === undefined) return;
      const request = new HttpIngressRequest({ message, response, target, body, receivedAt });
      send(message, response, await mounted.route.handle(request));
    } catch (error) {
      refuse(message, response, this.#failure(error, mounted.route));
    } finally {
      this.#inFlight -= 1;
      mounted.inFlight -= 1;
      if (mounted.inFlight === 0) mounted.onIdle?.();
    }
  }

  #failure(error: unknown, route: IngressRoute): IngressResponse {
    if (hasCode(error, "INGRESS_BODY_TOO_LARGE")) return errorAnswer(413, error);
    if (hasCode(error, "INGRESS_ENCODING_UNSUPPORTED"))
      return errorAnswer(415, error, { "accept-encoding": "identity" });
    const code = isAppError(error) ? error.code : "unknown";
    this.#deps.log.error("route failed", {
      path: route.path,
      owner: route.owner,
      code,
      reason: messageOf(error),
    });
    return errorAnswer(500, IngressError.HANDLER_FAILED({}));
  }
}

export type { Mounted };

const pem = (tls: NonNullable<IngressRoute["tls"]>) => ({
  cert: Buffer.from(tls.cert),
  key: Buffer.from(tls.key),
});

function makeOrExplain<T>(port: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw IngressError.TLS_INVALID({ port, reason: messageOf(error) }, error);
  }
}

function missing(message: IncomingMessage, path: string): IngressResponse {
  if (path === "/health" && (message.method === "GET" || message.method === "HEAD")) {
    return { status: 200, headers: { "content-type": "text/plain" }, body: "OK" };
  }
  return errorAnswer(404, IngressError.NOT_FOUND({ path: path.slice(0, 256) }));
}

const notAllowed = (message: IncomingMessage, allow: string): IngressResponse =>
  errorAnswer(405, IngressError.METHOD_NOT_ALLOWED({ method: (message.method ?? "").slice(0, 32), allow }), {
    allow,
  });

function errorAnswer(status: number, error: AppError, headers: Record<string, string> = {}): IngressResponse {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(error) };
}

/** Answers before the body was read: an unread rest means that the connection cannot be used again. */
function refuse(message: IncomingMessage, response: ServerResponse, answer: IngressResponse): void {
  if (message.complete) {
    send(message, response, answer);
    return;
  }
  const hasBody =
    message.headers["content-length"] !== undefined || message.headers["transfer-encoding"] !== undefined;
  if (!hasBody || response.headersSent) {
    send(message, response, answer);
    return;
  }
  send(message, response, { ...answer, headers: { ...answer.headers, connection: "close" } });
}

function send(message: IncomingMessage, response: ServerResponse, answer: IngressResponse): void {
  if (response.destroyed || response.headersSent) return;
  const body = answer.body ?? "";
  response.writeHead(answer.status, { ...answer.headers, "content-length": Buffer.byteLength(body) });
  response.end(message.method === "HEAD" ? undefined : body);
}
