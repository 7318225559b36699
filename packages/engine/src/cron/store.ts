// Cron states in KV `schedules`, one key a cron workflow.
import { hasCode, isObject } from "@sluice/base";
import { type KeyValue, type KvEntry, token } from "@sluice/bus";
import { EngineError } from "../errors.ts";
import type { CronState } from "./state.ts";

export interface CronKey {
  readonly namespace: string;
  readonly name: string;
}

/** A state with the revision of the entry that it lies in. */
export interface Stored<T> {
  readonly state: T;
  readonly revision: number;
}

export type StoredCron = Stored<CronState>;

/** Filter of all keys of cron workflows in the bucket. */
export const cronKeys = "cron.>";

export const keyOf = ({ namespace, name }: CronKey): string => `cron.${token(namespace)}.${token(name)}`;

/** Errors: ENGINE_CRON_STATE_INVALID. */
export function decodeState<T extends { readonly v: 1 }>(entry: KvEntry): Stored<T> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(entry.value));
  } catch {
    value = undefined;
  }
  if (!isObject(value) || value["v"] !== 1) throw EngineError.CRON_STATE_INVALID({ key: entry.key });
  return { state: value as unknown as T, revision: entry.revision };
}

/** Stores a state if its entry has this revision (undefined: if there is none); undefined when another writer was first. */
export async function putState<T>(
  bucket: KeyValue,
  key: string,
  { state, revision: before }: { readonly state: T; readonly revision: number | undefined },
): Promise<Stored<T> | undefined> {
  const text = JSON.stringify(state);
  try {
    const revision =
      before === undefined ? await bucket.create(key, text) : await bucket.update(key, text, before);
    return { state, revision };
  } catch (error) {
    if (hasCode(error, "BUS_WRONG_SEQUENCE")) return undefined;
    throw error;
  }
}

/** Errors: ENGINE_CRON_STATE_INVALID. */
export const decodeCron = (entry: KvEntry): StoredCron => decodeState<CronState>(entry);

/** Errors: ENGINE_CRON_STATE_INVALID, BUS_UNAVAILABLE. */
export async function readCron(bucket: KeyValue, key: CronKey): Promise<StoredCron | undefined> {
  const entry = await bucket.get(keyOf(key));
  return entry === undefined ? undefined : decodeCron(entry);
}

/** Stores the state if it is still the one that was read; undefined when another writer was first. */
export const writeCron = (
  bucket: KeyValue,
  key: CronKey,
  next: { readonly state: CronState; readonly revision: number | undefined },
): Promise<StoredCron | undefined> => putState(bucket, keyOf(key), next);
