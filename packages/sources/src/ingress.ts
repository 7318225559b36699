/** A request as a source sees it. Bodies are complete and within the route's limit. */
export interface IngressRequest {
  readonly method: string;
  /** Path without the query, as sent. */
  readonly path: string;
  /** Query without the question mark, as sent. */
  readonly query: string;
  /** In order, with the case in which they came. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  readonly remoteAddress: string;
  /** Epoch ms. */
  readonly receivedAt: number;
  /** Aborts when the client has gone or the server closes. */
  readonly signal: AbortSignal;
}

export interface IngressResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface IngressRoute {
  /**
   * Who mounts it: `namespace/source/event`. A mount of the same owner on the same port and path takes the place of
   * the earlier one in one step, so that a reload refuses no request.
   */
  readonly owner?: string;
  readonly port: number;
  /** Exact path, or with `:name` segments. */
  readonly path: string;
  /** Upper-case; "*" = every method. */
  readonly methods: readonly string[] | "*";
  readonly maxBodyBytes: number;
  readonly tls?: { readonly cert: Uint8Array; readonly key: Uint8Array };
  handle(request: IngressRequest): Promise<IngressResponse>;
}

/**
 * Where sources mount HTTP routes; `server` implements it. One listener a port, shared by its routes.
 * Errors: INGRESS_ROUTE_TAKEN (never) when port, path and a method are mounted already; INGRESS_PORT_IN_USE (later).
 */
export interface Ingress {
  /** Listens before it resolves. Disposing unmounts, finishing requests under way. */
  mount(route: IngressRoute): Promise<AsyncDisposable>;
}
