// The HTTP client of the API: JSON requests, server-sent events, and the server's errors as they are.
import { AppError, type ErrorBody, isObject, messageOf, type Retry } from "@sluice/base";
import { CliError } from "../errors.ts";
import { readServerSentEvents } from "./server-sent-events.ts";

export interface ApiClientOptions {
  /** Base address, without a path: `http://127.0.0.1:2746`. */
  readonly url: string;
  readonly token?: string;
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

export interface RequestOptions {
  readonly query?: Query;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Errors: CLI_SERVER_UNREACHABLE, CLI_SERVER_ANSWER, and every coded error of the server as it was sent. */
export class ApiClient {
  readonly url: string;
  readonly #token: string | undefined;

  constructor(options: ApiClientOptions) {
    this.url = options.url.replace(/\/+$/, "");
    this.#token = options.token;
  }

  async request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const response = await this.#fetch(method, path, options);
    const text = await response.text();
    if (text === "") return undefined as T;
    try {
      return JSON.parse(text) as T;
    } catch {
      throw CliError.SERVER_ANSWER({ url: this.url, status: response.status, body: text.slice(0, 200) });
    }
  }

  /** An answer as it comes, for content that may be large. */
  download(path: string, options: RequestOptions = {}): Promise<Response> {
    return this.#fetch("GET", path, options);
  }

  /** The `result` of each event of a stream, until it ends or the signal aborts. */
  async *stream<T>(path: string, options: RequestOptions = {}): AsyncGenerator<T> {
    const response = await this.#fetch("GET", path, {
      ...options,
      headers: { ...options.headers, accept: "text/event-stream" },
    });
    if (response.body === null) return;
    for await (const data of this.#events(response.body, options.signal)) {
      const value: unknown = JSON.parse(data);
      if (isObject(value) && isObject(value["error"])) throw toAppError(value["error"], 500);
      yield (isObject(value) && "result" in value ? value["result"] : value) as T;
    }
  }

  async *#events(body: ReadableStream<Uint8Array>, signal?: AbortSignal): AsyncGenerator<string> {
    try {
      yield* readServerSentEvents(body, signal);
    } catch (error) {
      throw CliError.SERVER_UNREACHABLE(
        { url: this.url, reason: `the stream broke: ${reasonOf(error)}` },
        error,
      );
    }
  }

  async #fetch(method: string, path: string, options: RequestOptions): Promise<Response> {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(options.query ?? {}))
      if (value !== undefined) query.set(key, String(value));
    const address = `${this.url}${path}${query.size > 0 ? `?${query}` : ""}`;
    const headers: Record<string, string> = { ...options.headers };
    if (this.#token !== undefined) headers["authorization"] = `Bearer ${this.#token}`;
    if (options.body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    try {
      response = await fetch(address, {
        method,
        headers,
        ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw CliError.SERVER_UNREACHABLE({ url: this.url, reason: reasonOf(error) }, error);
    }
    if (!response.ok) throw await errorOf(response, this.url);
    return response;
  }
}

/** `fetch` hides the network's own words one level down. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (isObject(cause) && typeof cause["code"] === "string")
    return cause["code"] === "ECONNREFUSED" ? "connection refused" : cause["code"];
  return messageOf(cause ?? error);
}

async function errorOf(response: Response, url: string): Promise<AppError> {
  const text = await response.text();
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (!isObject(body) || typeof body["message"] !== "string")
    return CliError.SERVER_ANSWER({ url, status: response.status, body: text.slice(0, 200) });
  return toAppError(body, response.status);
}

function toAppError(body: Record<string, unknown>, status: number): AppError {
  const error = body as unknown as Partial<ErrorBody>;
  const retry: Retry = status >= 500 || status === 429 ? "later" : "never";
  return new AppError({
    code: typeof error.code === "string" ? error.code : `HTTP_${status}`,
    retry,
    message: error.message ?? "the server refused",
    // The server's speaks to who wrote the request; of a command line, the command did.
    hint: error.code === "SERVER_REQUEST_INVALID" ? CliError.USAGE({ problem: "" }).hint : (error.hint ?? ""),
    details: isObject(error.details) ? error.details : {},
  });
}
