// Backfills in KV `schedules`, one key each.
import { hasCode, isObject } from "@sluice/base";
import { type KeyValue, type KvEntry, token } from "@sluice/bus";
import { EngineError } from "../../errors.ts";
import type { BackfillState } from "./state.ts";

export interface BackfillKey {
  readonly namespace: string;
  readonly cron: string;
  readonly name: string;
}

export interface StoredBackfill {
  readonly state: BackfillState;
  readonly revision: number;
}

export const backfillKeys = "backfill.>";
export const keyOf = ({ namespace, cron, name }: BackfillKey): string =>
  `backfill.${token(namespace)}.${token(cron)}.${token(name)}`;

/** Of one namespace, or of one of its cron workflows. */
export const keysOf = (namespace: string | undefined, cron?: string): string =>
  ["backfill", namespace ?? "", cron ?? ""]
    .flatMap((part, i) => (part === "" ? [] : [i === 0 ? part : token(part)]))
    .join(".")
    .concat(".>");

/** Errors: ENGINE_CRON_STATE_INVALID. */
export function decodeBackfill(entry: KvEntry): StoredBackfill {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(entry.value));
  } catch {
    value = undefined;
  }
  if (!isObject(value) || value["v"] !== 1) throw EngineError.CRON_STATE_INVALID({ key: entry.key });
  return { state: value as unknown as BackfillState, revision: entry.revision };
}

export async function readBackfill(bucket: KeyValue, key: BackfillKey): Promise<StoredBackfill | undefined> {
  const entry = await bucket.get(keyOf(key));
  return entry === undefined ? undefined : decodeBackfill(entry);
}

/** False when another writer was first. */
export async function writeBackfill(
  bucket: KeyValue,
  state: BackfillState,
  revision: number | undefined,
): Promise<boolean> {
  const text = JSON.stringify(state);
  try {
    if (revision === undefined) await bucket.create(keyOf(state), text);
    else await bucket.update(keyOf(state), text, revision);
    return true;
  } catch (error) {
    if (hasCode(error, "BUS_WRONG_SEQUENCE")) return false;
    throw error;
  }
}
