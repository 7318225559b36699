// Who may talk to the API. A loopback API needs no token, but a web page must not reach it: a name that was rebound to
// 127.0.0.1 shows in Host, and another site's page shows in Origin.
import { createHash, timingSafeEqual } from "node:crypto";
import { ServerError } from "../errors.ts";

export interface Guard {
  /** Returns who asks. Errors: SERVER_HOST_REFUSED, SERVER_UNAUTHORIZED. */
  check(headers: Readonly<Record<string, string | string[] | undefined>>, path: string): string;
}

/** Errors: SERVER_TOKEN_REQUIRED when `host` is reachable from outside and there is no token. */
export function makeGuard(host: string, token: string | undefined): Guard {
  const local = isLoopback(host);
  if (!local && (token === undefined || token === "")) throw ServerError.TOKEN_REQUIRED({ host });
  const wanted = token === undefined ? undefined : digest(token);
  return {
    check(headers, path) {
      if (local) refuseStrangers(headers);
      if (wanted === undefined) return "local";
      if (openPaths.has(path)) return "anyone";
      const sent = /^Bearer (.+)$/i.exec(String(headers["authorization"] ?? ""))?.[1] ?? "";
      if (!timingSafeEqual(digest(sent), wanted)) throw ServerError.UNAUTHORIZED({});
      return "token";
    },
  };
}

/** Probes come without a token. */
const openPaths: ReadonlySet<string> = new Set(["/healthz"]);

const digest = (text: string) => createHash("sha256").update(text).digest();

export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

function refuseStrangers(headers: Readonly<Record<string, string | string[] | undefined>>): void {
  const host = nameOf(String(headers["host"] ?? ""));
  if (!isLoopback(host)) throw ServerError.HOST_REFUSED({ host: host.slice(0, 256) });
  const origin = headers["origin"];
  if (typeof origin !== "string") return;
  const from = URL.canParse(origin) ? new URL(origin).hostname : origin;
  if (!isLoopback(from)) throw ServerError.HOST_REFUSED({ host: origin.slice(0, 256) });
}

/** The name of `name:port` or `[::1]:port`. */
const nameOf = (host: string): string =>
  (/^(\[[^\]]*\]|[^:]*)(:\d*)?$/.exec(host)?.[1] ?? host).toLowerCase();
