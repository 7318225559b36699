// Backfills in KV `schedules`, one key each.
import { type KeyValue, type KvEntry, token } from "@sluice/bus";
import { decodeState, putState, type Stored } from "../store.ts";
import type { BackfillState } from "./state.ts";

export interface BackfillKey {
  readonly namespace: string;
  readonly cron: string;
  readonly name: string;
}

export type StoredBackfill = Stored<BackfillState>;

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
export const decodeBackfill = (entry: KvEntry): StoredBackfill => decodeState<BackfillState>(entry);

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
  return (await putState(bucket, keyOf(state), { state, revision })) !== undefined;
}
