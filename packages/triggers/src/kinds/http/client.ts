import { lookup } from "node:dns/promises";
import { isIP, type LookupFunction } from "node:net";
import { type Clock, hasCode, messageOf, sleepFor } from "@sluice/base";
import { Agent, request } from "undici";
import type { HttpConfig } from "../../config.ts";
import { TriggerError } from "../../errors.ts";
import { refusalOf } from "./address.ts";

export interface HttpCall {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The first `maxResponseBytes`. */
  readonly body: string;
}

/** Every address of a host, judged. Errors: TRIGGER_HTTP_ADDRESS, TRIGGER_HTTP_FAILED when the name has none. */
async function judgedAddresses(
  url: URL,
  config: HttpConfig,
): Promise<readonly { address: string; family: number }[]> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const addresses =
    isIP(host) > 0
      ? [{ address: host, family: isIP(host) }]
      : await lookup(host, { all: true }).catch((error: unknown) => {
          throw TriggerError.HTTP_FAILED({ url: url.origin, reason: messageOf(error) }, error);
        });
  for (const { address } of addresses) {
    const reason = refusalOf(address, config);
    if (reason !== undefined) throw TriggerError.HTTP_ADDRESS({ url: url.origin, address, reason });
  }
  return addresses;
}

/** Answers with the judged addresses only, whatever the name server says by now. */
const pinned =
  (addresses: readonly { address: string; family: number }[]): LookupFunction =>
  (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family ?? 4);
  };

/**
 * Makes one request. Redirects are not followed; a long answer is cut.
 * Errors: TRIGGER_HTTP_ADDRESS (never), TRIGGER_HTTP_FAILED, TRIGGER_TIMED_OUT (later).
 */
export async function call(http: HttpCall, config: HttpConfig): Promise<HttpAnswer> {
  const url = new URL(http.url);
  const addresses = await judgedAddresses(url, config);
  // One agent a request: the addresses were judged for this request alone, and nothing stays open behind it.
  const agent = new Agent({
    connect: { lookup: pinned(addresses), timeout: http.timeoutMs },
    headersTimeout: http.timeoutMs,
    bodyTimeout: http.timeoutMs,
    pipelining: 0,
  });
  const limit = new AbortController();
  const over = new AbortController();
  void sleepFor(http.clock, http.timeoutMs, over.signal).then(() => limit.abort());
  try {
    const answer = await request(url, {
      dispatcher: agent,
      method: http.method,
      headers: http.headers,
      ...(http.body === undefined ? {} : { body: http.body }),
      signal: AbortSignal.any([http.signal, limit.signal]),
    });
    return {
      status: answer.statusCode,
      headers: flat(answer.headers),
      body: await firstBytes(answer.body, config.maxResponseBytes),
    };
  } catch (error) {
    if (
      limit.signal.aborted ||
      hasCode(error, "UND_ERR_HEADERS_TIMEOUT") ||
      hasCode(error, "UND_ERR_BODY_TIMEOUT")
    )
      throw TriggerError.TIMED_OUT({ url: url.origin, afterMs: http.timeoutMs }, error);
    if (http.signal.aborted) throw TriggerError.SHUT_DOWN({}, error);
    throw TriggerError.HTTP_FAILED({ url: url.origin, reason: messageOf(error) }, error);
  } finally {
    over.abort();
    await agent.destroy();
  }
}

const flat = (
  headers: Readonly<Record<string, string | string[] | undefined>>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value]],
    ),
  );

/** Reads up to `maxBytes` and lets the rest go: a body without end must not keep the trigger. */
async function firstBytes(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes >= maxBytes) break;
  }
  return Buffer.concat(chunks).subarray(0, maxBytes).toString("utf8");
}
