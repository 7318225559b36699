import { ServerError } from "../../errors.ts";

/** Most items of one answer; more come with `continue`. */
export const maxPage = 10_000;

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; "" when this is the last. */
  readonly next: string;
  readonly remaining: number;
}

/** A list's limit. 0 and absent mean no limit, as in Kubernetes. Errors: SERVER_REQUEST_INVALID. */
export function limitOf(text: string | undefined, otherwise: number): number {
  if (text === undefined || text === "" || text === "0") return otherwise;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 0 || limit > maxPage) {
    throw ServerError.REQUEST_INVALID({
      where: "limit",
      reason: `'${text.slice(0, 32)}' is no number from 0 to ${maxPage}`,
    });
  }
  return limit;
}

/**
 * One page of a sorted list. The token names the last item that was given, so that new items in front move nothing.
 * `keyOf` grows strictly along the list.
 */
export function pageOf<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  query: { readonly limit: number; readonly token: string | undefined },
): Page<T> {
  const after = query.token === undefined || query.token === "" ? undefined : fromToken(query.token);
  const start = after === undefined ? 0 : items.findIndex((item) => keyOf(item) > after);
  if (start < 0) return { items: [], next: "", remaining: 0 };
  const page = items.slice(start, start + query.limit);
  const remaining = items.length - start - page.length;
  const last = page.at(-1);
  return { items: page, remaining, next: remaining === 0 || last === undefined ? "" : toToken(keyOf(last)) };
}

const toToken = (key: string): string => Buffer.from(key).toString("base64url");

function fromToken(token: string): string {
  if (!/^[\w-]{1,1024}$/.test(token))
    throw ServerError.REQUEST_INVALID({ where: "continue", reason: "is no token of ours" });
  return Buffer.from(token, "base64url").toString();
}
