// How locks lie in the bucket `locks`: `h.<lock>` its holders, changed by compare-and-set; `q.<lock>.<holder>` one that
// waits; `l.<namespace>.<key>` the limit of a semaphore that is no ConfigMap's.
import { isObject } from "@sluice/base";
import { type KeyValue, type KvEntry, token } from "@sluice/bus";
import type { LockWish } from "../run/state/asks.ts";
import type { LockEntry, Waiter } from "./lock-table.ts";

export interface NamedLock {
  readonly id: string;
  /** As it is shown. */
  readonly key: string;
  readonly wish: LockWish;
}

const nameOf = ({ name, item }: LockWish): string => (item === undefined ? name : `${name}/${item}`);

export const namedLock = (wish: LockWish): NamedLock => ({
  id: [wish.namespace, wish.kind, nameOf(wish)].map(token).join("."),
  key: wish.key,
  wish,
});

export const holdersKey = (id: string): string => `h.${id}`;
export const waiterKey = (id: string, holder: string): string => `q.${id}.${token(holder)}`;
export const limitKey = (namespace: string, key: string): string => `l.${token(namespace)}.${token(key)}`;

/** What a key of the bucket is about. */
export type LockKey =
  | { readonly kind: "holders"; readonly id: string }
  | { readonly kind: "waiter"; readonly id: string }
  | { readonly kind: "limit" }
  | { readonly kind: "unknown" };

export function parseLockKey(key: string): LockKey {
  const [kind, ...rest] = key.split(".");
  if (kind === "h" && rest.length === 3) return { kind: "holders", id: rest.join(".") };
  if (kind === "q" && rest.length === 4) return { kind: "waiter", id: rest.slice(0, 3).join(".") };
  if (kind === "l" && rest.length === 2) return { kind: "limit" };
  return { kind: "unknown" };
}

/** Undefined for what no version of ours wrote. */
export function decodeEntry<T extends LockEntry | StoredWaiter | StoredLimit>(
  entry: Pick<KvEntry, "value">,
): T | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(entry.value).toString("utf8"));
    return isObject(value) && value["v"] === 1 ? (value as unknown as T) : undefined;
  } catch {
    return undefined;
  }
}

export interface StoredWaiter {
  readonly v: 1;
  readonly key: string;
  readonly waiter: Waiter;
}

/** The limit of a `database` semaphore. */
export interface StoredLimit {
  readonly v: 1;
  readonly namespace: string;
  readonly key: string;
  readonly limit: number;
}

/** Reads a lock's holders afresh. A removed entry has no revision that could be expected. */
export async function readHolders(
  locks: KeyValue,
  id: string,
): Promise<{ readonly entry: LockEntry | undefined; readonly revision: number }> {
  const found = await locks.get(holdersKey(id));
  return found === undefined
    ? { entry: undefined, revision: 0 }
    : { entry: decodeEntry<LockEntry>(found), revision: found.revision };
}
