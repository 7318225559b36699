import type { Ingress, IngressRequest, IngressResponse, IngressRoute } from "../ingress.ts";

export interface MemoryRequest {
  readonly method?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: Readonly<Record<string, string>> | readonly (readonly [string, string])[];
  readonly body?: string | Uint8Array;
}

/** An Ingress without sockets: routes are kept, and requests handed to them. */
export class MemoryIngress implements Ingress {
  readonly routes: IngressRoute[] = [];
  /** Every mount and unmount in order: `+ owner path`, `- owner path`. */
  readonly history: string[] = [];
  /** Thrown by the next mounts, one each. */
  readonly failures: unknown[] = [];

  async mount(route: IngressRoute): Promise<AsyncDisposable> {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    const replaced = this.routes.findIndex((r) => r.owner === route.owner && r.path === route.path);
    if (replaced >= 0) this.routes.splice(replaced, 1);
    this.routes.push(route);
    this.history.push(`+ ${route.owner} ${route.path}`);
    return {
      [Symbol.asyncDispose]: async () => {
        const index = this.routes.indexOf(route);
        if (index >= 0) this.routes.splice(index, 1);
        this.history.push(`- ${route.owner} ${route.path}`);
      },
    };
  }

  /** Handles a request by the route at its path. Throws where nothing is mounted. */
  request(request: MemoryRequest = {}): Promise<IngressResponse> {
    const path = request.path ?? this.routes[0]?.path ?? "/";
    const route = this.routes.find((r) => r.path === path);
    if (route === undefined) throw new Error(`nothing is mounted at ${path}`);
    return route.handle(toIngressRequest({ ...request, path }));
  }
}

export function toIngressRequest(request: MemoryRequest): IngressRequest {
  const { headers = {}, body = "" } = request;
  return {
    method: request.method ?? "POST",
    path: request.path ?? "/",
    query: request.query ?? "",
    headers: Array.isArray(headers) ? headers : Object.entries(headers),
    body: typeof body === "string" ? new TextEncoder().encode(body) : body,
    remoteAddress: "127.0.0.1",
    receivedAt: 0,
    signal: new AbortController().signal,
  };
}
