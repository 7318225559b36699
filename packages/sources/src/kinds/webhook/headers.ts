import type { IngressRequest } from "../../ingress.ts";

type Headers = IngressRequest["headers"];

/** First value of a header; `name` in lower case. */
export function headerOf(headers: Headers, name: string): string | undefined {
  for (const [key, value] of headers) {
    if (key.length === name.length && key.toLowerCase() === name) return value;
  }
  return undefined;
}

/** Go's `textproto.CanonicalMIMEHeaderKey`: what sensors written for Argo expect (`X-GitHub-Event` → `X-Github-Event`). */
export function canonicalHeader(name: string): string {
  if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) return name;
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (start) => start.toUpperCase());
}

const maskText = "*** Masked Auth Secret ***";

/** Headers that prove who sent the request: never stored. */
const isSecretHeader = (name: string): boolean =>
  /^(proxy-)?authorization$|cookie$|signature|secret|(^|-)token$|(^|-)api-key$/.test(name);

/** Go's server keeps these out of its header map. */
const hopHeaders = new Set(["host", "transfer-encoding"]);

/** The event's `header`: canonical names, each with all its values in order, secrets masked. */
export function headerData(headers: Headers): Record<string, readonly string[]> {
  const all = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (hopHeaders.has(lower)) continue;
    const canonical = canonicalHeader(name);
    const shown = isSecretHeader(lower) ? maskText : value;
    const values = all.get(canonical);
    if (values === undefined) all.set(canonical, [shown]);
    else values.push(shown);
  }
  return Object.fromEntries(all);
}

export interface ContentType {
  /** Lower case, without parameters; "" when there is none. */
  readonly type: string;
  /** Lower case. */
  readonly charset: string;
}

export function contentTypeOf(headers: Headers): ContentType {
  const text = headerOf(headers, "content-type") ?? "";
  const [type = "", ...parameters] = text.split(";");
  const charset = parameters
    .map((p) => /^\s*charset\s*=\s*"?([^"\s]+)"?\s*$/i.exec(p)?.[1])
    .find((c) => c !== undefined);
  return { type: type.trim().toLowerCase(), charset: charset?.toLowerCase() ?? "utf-8" };
}
