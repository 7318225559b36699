import type { IncomingMessage, ServerResponse } from "node:http";
import type { IngressRequest } from "@sluice/sources";
import { IngressError } from "../errors.ts";

/** A request with its body read. The abort signal is made only for handlers that look at it. */
export class HttpIngressRequest implements IngressRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly body: Uint8Array;
  readonly receivedAt: number;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  #signal: AbortSignal | undefined;

  constructor(parts: {
    readonly message: IncomingMessage;
    readonly response: ServerResponse;
    readonly target: Target;
    readonly body: Uint8Array;
    readonly receivedAt: number;
  }) {
    this.#message = parts.message;
    this.#response = parts.response;
    this.method = parts.message.method ?? "GET";
    this.path = parts.target.path;
    this.query = parts.target.query;
    this.body = parts.body;
    this.receivedAt = parts.receivedAt;
  }

  get headers(): readonly (readonly [string, string])[] {
    const raw = this.#message.rawHeaders;
    const pairs: (readonly [string, string])[] = [];
    for (let i = 0; i + 1 < raw.length; i += 2) pairs.push([raw[i] ?? "", raw[i + 1] ?? ""]);
    return pairs;
  }

  get remoteAddress(): string {
    return this.#message.socket.remoteAddress ?? "";
  }

  get signal(): AbortSignal {
    if (this.#signal === undefined) {
      const gone = new AbortController();
      if (this.#response.destroyed) gone.abort();
      else this.#response.once("close", () => gone.abort());
      this.#signal = gone.signal;
    }
    return this.#signal;
  }
}

export interface Target {
  readonly path: string;
  readonly query: string;
}

export function targetOf(url: string): Target {
  const mark = url.indexOf("?");
  return mark < 0 ? { path: url, query: "" } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

const nothing = new Uint8Array(0);

/**
 * Reads the whole body. Undefined when the client went away in the middle.
 * Errors: INGRESS_BODY_TOO_LARGE, INGRESS_ENCODING_UNSUPPORTED (an encoded body is never inflated).
 */
export async function readBody(message: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  const encoding = message.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw IngressError.ENCODING_UNSUPPORTED({ encoding: encoding.slice(0, 64) });
  }
  const declared = message.headers["content-length"];
  if (declared === undefined && message.headers["transfer-encoding"] === undefined) return nothing;
  if (declared !== undefined && Number(declared) > maxBytes) throw IngressError.BODY_TOO_LARGE({ maxBytes });
  return collect(message, maxBytes);
}

function collect(message: IncomingMessage, maxBytes: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) {
        message.removeAllListeners("data");
        message.pause();
        reject(IngressError.BODY_TOO_LARGE({ maxBytes }));
        return;
      }
      chunks.push(chunk);
    });
    message.once("end", () => resolve(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)));
    message.once("error", () => resolve(undefined));
    message.once("close", () => resolve(undefined));
  });
}
