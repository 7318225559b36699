// The keys of the shard leases, and how their values are read.
import { fromToken, token } from "@sluice/bus";

export const tableKey = "engine.shards";
const memberPrefix = "engine.members.";

export const memberKey = (id: string): string => `${memberPrefix}${token(id)}`;

/** The engine whose entry a key is; undefined where it is none's. */
export const memberOf = (key: string): string | undefined =>
  key.startsWith(memberPrefix) ? (fromToken(key.slice(memberPrefix.length)) ?? key) : undefined;

/** The value of an entry; undefined when it is none that we know. */
export function parsed<T extends { readonly v: 1 }>(value: Uint8Array): T | undefined {
  try {
    const read = JSON.parse(new TextDecoder().decode(value)) as T;
    return read.v === 1 ? read : undefined;
  } catch {
    return undefined;
  }
}
