// One HTTP request that a manifest asks for, to a judged address. Nothing is shared between requests: the addresses were
// judged for this one alone, and no connection stays open behind it.
import type { IncomingMessage, RequestOptions } from "node:http";
import { isIP, type LookupFunction } from "node:net";
import { type Clock, sleepFor } from "../clock.ts";
import { messageOf } from "../errors.ts";
import { type OutboundPolicy, refusalOf } from "./address.ts";

export interface OutboundRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly timeoutMs: number;
  /** Bytes of the answer's body that are read; the rest is not. */
  readonly maxBodyBytes: number;
  /** Take any certificate. */
  readonly insecure?: boolean;
  readonly policy: OutboundPolicy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type OutboundAnswer =
  | {
      readonly kind: "answered";
      readonly status: number;
      /** By lower-case name, each line as it came. */
      readonly headers: Readonly<Record<string, readonly string[]>>;
      readonly body: Buffer;
      /** The body was longer than what was read. */
      readonly isCut: boolean;
    }
  /** The address may not be called. */
  | { readonly kind: "refused"; readonly address: string; readonly reason: string }
  | { readonly kind: "timed-out" }
  | { readonly kind: "aborted" }
  /** No connection, no name, a broken answer. */
  | { readonly kind: "failed"; readonly reason: string; readonly cause: unknown };

type Failure = Exclude<OutboundAnswer, { kind: "answered" }>;
interface Address {
  readonly address: string;
  readonly family: number;
}

/** Makes one request; redirects are answers like any other. Does not throw. */
export async function sendOutbound(request: OutboundRequest): Promise<OutboundAnswer> {
  const limit = new AbortController();
  const over = new AbortController();
  void sleepFor(request.clock, request.timeoutMs, AbortSignal.any([over.signal, request.signal])).then(() =>
    limit.abort(),
  );
  const signal = AbortSignal.any([request.signal, limit.signal]);
  try {
    const addresses = await untilAborted(judged(request), signal);
    return "kind" in addresses ? addresses : await exchange(request, addresses.all, signal);
  } catch (cause) {
    if (request.signal.aborted) return { kind: "aborted" };
    if (limit.signal.aborted) return { kind: "timed-out" };
    return { kind: "failed", reason: reasonOf(cause), cause };
  } finally {
    over.abort();
  }
}

/** Every address of the host, judged. */
async function judged({
  url,
  policy,
}: OutboundRequest): Promise<Failure | { readonly all: readonly Address[] }> {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const { lookup } = await import("node:dns/promises");
  const all = isIP(host) > 0 ? [{ address: host, family: isIP(host) }] : await lookup(host, { all: true });
  for (const { address } of all) {
    const reason = refusalOf(address, policy);
    if (reason !== undefined) return { kind: "refused", address, reason };
  }
  return { all };
}

/** A name server that is silent is not waited for longer than for the rest. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

/** Answers with the judged addresses only, whatever the name server says by now. */
const pinned =
  (addresses: readonly Address[]): LookupFunction =>
  (_host, options, callback) => {
    const [first] = addresses;
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? "", first?.family ?? 4);
  };

async function exchange(
  request: OutboundRequest,
  addresses: readonly Address[],
  signal: AbortSignal,
): Promise<OutboundAnswer> {
  const { url, body } = request;
  const isSecure = url.protocol === "https:";
  const send = isSecure ? (await import("node:https")).request : (await import("node:http")).request;
  const options: RequestOptions & { rejectUnauthorized?: boolean } = {
    method: request.method,
    headers: {
      ...request.headers,
      ...(body === undefined ? {} : { "content-length": Buffer.byteLength(body) }),
    },
    agent: false,
    lookup: pinned(addresses),
    signal,
    ...(request.insecure === true ? { rejectUnauthorized: false } : {}),
  };
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = send(url, options, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  const read = await firstBytes(answer, request.maxBodyBytes);
  answer.destroy();
  return { kind: "answered", status: answer.statusCode ?? 0, headers: headersOf(answer), ...read };
}

function headersOf(answer: IncomingMessage): Readonly<Record<string, readonly string[]>> {
  const headers: Record<string, readonly string[]> = Object.create(null) as Record<string, string[]>;
  for (const [name, values] of Object.entries(answer.headersDistinct))
    if (values !== undefined) headers[name] = values;
  return headers;
}

/** Reads up to `maxBytes` and lets the rest go: a body without end must not keep whoever waits for it. */
async function firstBytes(
  body: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<{ readonly body: Buffer; readonly isCut: boolean }> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    bytes += chunk.byteLength;
    if (bytes > maxBytes) break;
  }
  return { body: Buffer.concat(chunks).subarray(0, maxBytes), isCut: bytes > maxBytes };
}

/** A name with several addresses fails with all of their reasons, and an empty message of its own. */
function reasonOf(cause: unknown): string {
  const inner = cause instanceof AggregateError ? cause.errors.map(messageOf).join("; ") : "";
  return inner === "" ? messageOf(cause) : inner;
}
