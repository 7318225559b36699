import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import type { KubeAccess } from "../config.ts";
import { KubeError } from "../errors.ts";
import { mapAnswer, mapNetwork } from "./map-error.ts";

export interface Call {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Ms without a byte after which the call counts as dead; default 30,000. */
  readonly idleMs?: number;
}

/** An answer that is not read to its end for longer than this is cut. */
const maxAnswerBytes = 64 * 1024 * 1024;
const maxErrorBytes = 16 * 1024;

/** Speaks HTTP to one API server: TLS and tokens from `access`, failures as KUBE_ errors. */
export class KubeHttp {
  readonly #access: KubeAccess;
  readonly #server: URL;
  readonly #closed = new AbortController();

  constructor(access: KubeAccess) {
    this.#access = access;
    this.#server = new URL(access.server);
  }

  /** The whole answer as JSON. Errors: all of `mapAnswer`. */
  async json(call: Call, signal?: AbortSignal): Promise<unknown> {
    const text = await this.text(call, signal);
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw KubeError.UNAVAILABLE({ what: describe(call), said: "its answer is not JSON" }, cause);
    }
  }

  async text(call: Call, signal?: AbortSignal): Promise<string> {
    const response = await this.open(call, signal);
    return readAll(response, describe(call), maxAnswerBytes);
  }

  /** The answer's body as it comes; a status ≥ 400 throws. Aborting destroys the connection. */
  async open(call: Call, signal?: AbortSignal): Promise<IncomingMessage> {
    const what = describe(call);
    const response = await this.#send(call, signal).catch((error: unknown) => {
      throw mapNetwork(what, error);
    });
    // Who reads the body sees its failure; one that comes when nobody reads any more must not end the process.
    response.on("error", () => {});
    const status = response.statusCode ?? 0;
    if (status >= 200 && status < 300) return response;
    const body = await readAll(response, what, maxErrorBytes).catch(() => "");
    throw mapAnswer(what, { status, body, retryAfter: response.headers["retry-after"] });
  }

  async #send(call: Call, signal: AbortSignal | undefined): Promise<IncomingMessage> {
    const { agent, headers, ...options } = await this.#access.requestOptions();
    const either =
      signal === undefined ? this.#closed.signal : AbortSignal.any([signal, this.#closed.signal]);
    const body = call.body === undefined ? undefined : Buffer.from(JSON.stringify(call.body));
    const send = this.#server.protocol === "http:" ? httpRequest : httpsRequest;
    return new Promise((resolve, reject) => {
      const request: ClientRequest = send(
        {
          ...options,
          ...(agent === undefined ? {} : { agent }),
          protocol: this.#server.protocol,
          hostname: this.#server.hostname.replace(/^\[|\]$/g, ""),
          port: this.#server.port,
          method: call.method,
          path: this.#server.pathname.replace(/\/$/, "") + call.path + queryOf(call.query),
          headers: {
            ...(headers as Record<string, string> | undefined),
            accept: "application/json, */*",
            "user-agent": "sluice",
            ...(body === undefined
              ? {}
              : { "content-type": call.contentType ?? "application/json", "content-length": body.length }),
          },
          signal: either,
          timeout: call.idleMs ?? 30_000,
        },
        resolve,
      );
      request.on("timeout", () => request.destroy(new Error(`no byte for ${call.idleMs ?? 30_000} ms`)));
      request.on("error", reject);
      request.end(body);
    });
  }

  close(): void {
    this.#closed.abort(new Error("the Kubernetes client is closed"));
  }
}

export const describe = (call: Call): string => `${call.method} ${call.path}`;

function queryOf(query: Call["query"]): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined) params.set(name, String(value));
  const text = params.toString();
  return text === "" ? "" : `?${text}`;
}

async function readAll(response: IncomingMessage, what: string, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes) break;
      chunks.push(chunk);
    }
  } catch (cause) {
    throw mapNetwork(what, cause);
  }
  if (size > maxBytes) throw KubeError.ANSWER_TOO_LARGE({ what, maxBytes });
  return Buffer.concat(chunks).toString("utf8");
}
