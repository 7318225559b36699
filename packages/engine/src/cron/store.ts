// Cron states in KV `schedules`, one key a cron workflow.
import { hasCode, isObject } from "@sluice/base";
import { type KeyValue, type KvEntry, token } from "@sluice/bus";
import { EngineError } from "../errors.ts";
import type { CronState } from "./state.ts";

export interface CronKey {
  readonly namespace: string;
  readonly name: string;
}

export interface StoredCron {
  readonly state: CronState;
  readonly revision: number;
}

/** Filter of all keys of cron workflows in the bucket. */
export const cronKeys = "cron.>";

export const keyOf = ({ namespace, name }: CronKey): string => `cron.${token(namespace)}.${token(name)}`;

/** Errors: ENGINE_CRON_STATE_INVALID. */
export function decodeCron(entry: KvEntry): StoredCron {
  const text = new TextDecoder().decode(entry.value);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (!isObject(value) || value["v"] !== 1) throw EngineError.CRON_STATE_INVALID({ key: entry.key });
  return { state: value as unknown as CronState, revision: entry.revision };
}

/** Errors: ENGINE_CRON_STATE_INVALID, BUS_UNAVAILABLE. */
export async function readCron(bucket: KeyValue, key: CronKey): Promise<StoredCron | undefined> {
  const entry = await bucket.get(keyOf(key));
  return entry === undefined ? undefined : decodeCron(entry);
}

/** Stores the state if it is still the one that was read; undefined when another writer was first. */
export async function writeCron(
  bucket: KeyValue,
  key: CronKey,
  next: { readonly state: CronState; readonly revision: number | undefined },
): Promise<StoredCron | undefined> {
  const text = JSON.stringify(next.state);
  try {
    const revision =
      next.revision === undefined
        ? await bucket.create(keyOf(key), text)
        : await bucket.update(keyOf(key), text, next.revision);
    return { state: next.state, revision };
  } catch (error) {
    if (hasCode(error, "BUS_WRONG_SEQUENCE")) return undefined;
    throw error;
  }
}
