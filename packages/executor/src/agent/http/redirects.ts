import { type OutboundAnswer, type OutboundPolicy, sendOutbound } from "@sluice/base";
import type { WorkContext } from "../work.ts";
import type { BuiltRequest } from "./request.ts";

/** As Go's client, and so Argo's. */
const maxRedirects = 10;

interface FollowOptions extends Pick<WorkContext, "clock" | "signal"> {
  readonly policy: OutboundPolicy;
  readonly maxBodyBytes: number;
}

/**
 * Sends a request and follows redirects as Go's client does; each address is judged anew, all of it within the one
 * timeout. Another server is not told what is meant for the first: credentials, cookies, and values of Secrets.
 */
export async function follow(
  first: BuiltRequest,
  options: FollowOptions,
): Promise<{ readonly answer: OutboundAnswer; readonly url: URL }> {
  const endAt = options.clock.now() + first.timeoutMs;
  let request = first;
  for (let hops = 0; ; hops++) {
    const timeoutMs = Math.max(1, endAt - options.clock.now());
    const answer = await sendOutbound({ ...request, ...options, timeoutMs });
    const next = answer.kind === "answered" ? redirected(request, answer) : undefined;
    if (next === undefined) return { answer, url: request.url };
    if (hops === maxRedirects)
      return {
        answer: { kind: "failed", reason: `stopped after ${maxRedirects} redirects`, cause: undefined },
        url: request.url,
      };
    request = next;
  }
}

const forOneServer = new Set([
  "authorization",
  "www-authenticate",
  "cookie",
  "cookie2",
  "proxy-authorization",
]);

function redirected(
  request: BuiltRequest,
  { status, headers }: Extract<OutboundAnswer, { kind: "answered" }>,
): BuiltRequest | undefined {
  const location = headers["location"]?.[0];
  if (![301, 302, 303, 307, 308].includes(status) || location === undefined) return undefined;
  if (!URL.canParse(location, request.url.href)) return undefined;
  const url = new URL(location, request.url.href);
  if (!/^https?:$/.test(url.protocol)) return undefined;
  const isOther = url.origin !== request.url.origin;
  const kept = Object.entries(request.headers).filter(
    ([name]) => name !== "host" && !(isOther && (forOneServer.has(name) || request.secret.has(name))),
  );
  const { body, ...rest } = request;
  if (status === 307 || status === 308) return { ...request, url, headers: Object.fromEntries(kept) };
  const withoutBody = kept.filter(([name]) => !name.startsWith("content-"));
  return {
    ...rest,
    url,
    method: request.method === "HEAD" ? "HEAD" : "GET",
    headers: Object.fromEntries(withoutBody),
  };
}
