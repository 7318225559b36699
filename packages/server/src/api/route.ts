import type { JsonObject } from "@sluice/base";
import type { EventStream } from "./event-stream.ts";

/** What a handler gets of a request: checked against the route's schemas, nothing of the web framework. */
export interface ApiCall {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: unknown;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Who asks, for the record. */
  readonly user: string;
  /** Aborts when the client has gone or the server closes. */
  readonly signal: AbortSignal;
}

export type ApiAnswer =
  | { readonly kind: "json"; readonly status?: number; readonly body: unknown }
  | { readonly kind: "text"; readonly contentType: string; readonly body: string }
  | {
      readonly kind: "bytes";
      readonly contentType: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: AsyncIterable<Uint8Array>;
    }
  | { readonly kind: "stream"; readonly write: (out: EventStream, signal: AbortSignal) => Promise<void> };

/** One path of the API: its handler, and the words and schemas that the OpenAPI document is made from. */
export interface ApiRoute {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  /** With `:name` segments; one that ends with `*` takes all that follows. */
  readonly path: string;
  /** OpenAPI operation id. */
  readonly id: string;
  readonly summary: string;
  /** Query parameters and what they mean; others are passed over, as Argo Server does. */
  readonly query?: Readonly<Record<string, string>>;
  /** JSON Schema of the body; absent = there is none. */
  readonly body?: JsonObject;
  /** The body may also be YAML text. */
  readonly yaml?: boolean;
  /** Server-sent events. */
  readonly streams?: boolean;
  readonly handle: (call: ApiCall) => Promise<ApiAnswer> | ApiAnswer;
}

export const json = (body: unknown, status = 200): ApiAnswer => ({ kind: "json", status, body });
