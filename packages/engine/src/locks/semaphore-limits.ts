// Limits of semaphores for whoever sets them: in the bucket `locks`, or in an applied ConfigMap.
import { hasCode, isObject } from "@sluice/base";
import type { KeyValue, Resources } from "@sluice/bus";
import { decodeEntry, limitKey, type StoredLimit } from "./lock-store.ts";

/** A semaphore's limit: `configMap` names the ConfigMap that it lies in; absent = it is a `database` semaphore's. */
export interface SemaphoreLimit {
  readonly namespace: string;
  readonly key: string;
  readonly configMap?: string;
  readonly limit: number;
}
export type LimitPlace = Omit<SemaphoreLimit, "limit">;

/** Changes count at once in every engine on the bus. */
export interface SemaphoreLimits {
  get(place: LimitPlace): Promise<SemaphoreLimit | undefined>;
  /** False when there is one already. */
  create(limit: SemaphoreLimit): Promise<boolean>;
  /** False when there is none. */
  update(limit: SemaphoreLimit): Promise<boolean>;
  /** False when there was none. */
  remove(place: LimitPlace): Promise<boolean>;
}

export interface LimitStores {
  readonly locks: KeyValue;
  readonly resources: Resources;
}

export function makeSemaphoreLimits({ locks, resources }: LimitStores): SemaphoreLimits {
  const dataOf = async ({ namespace, configMap = "" }: LimitPlace) => {
    const resource = await resources.get("ConfigMap", namespace, configMap);
    const manifest = isObject(resource?.manifest) ? resource.manifest : undefined;
    const data = isObject(manifest?.["data"]) ? manifest["data"] : {};
    return { manifest, data };
  };
  const store = async (place: LimitPlace, limit: number | undefined) => {
    const { namespace, configMap = "", key } = place;
    const { manifest, data } = await dataOf(place);
    const others = Object.entries(data).filter(([name]) => name !== key);
    const next = Object.fromEntries(limit === undefined ? others : [...others, [key, String(limit)]]);
    const fresh = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: configMap, namespace } };
    await resources.apply("ConfigMap", namespace, configMap, { ...(manifest ?? fresh), data: next });
  };
  const get = async (place: LimitPlace): Promise<SemaphoreLimit | undefined> => {
    if (place.configMap !== undefined) {
      const { data } = await dataOf(place);
      const text = Object.hasOwn(data, place.key) ? data[place.key] : undefined;
      return text === undefined ? undefined : { ...place, limit: Number(text) };
    }
    const entry = await locks.get(limitKey(place.namespace, place.key));
    const stored = entry === undefined ? undefined : decodeEntry<StoredLimit>(entry);
    return stored === undefined ? undefined : { ...place, limit: stored.limit };
  };

  return {
    get,
    async create(limit) {
      if (limit.configMap !== undefined) {
        if ((await get(limit)) !== undefined) return false;
        await store(limit, limit.limit);
        return true;
      }
      try {
        await locks.create(limitKey(limit.namespace, limit.key), encoded(limit));
        return true;
      } catch (error) {
        if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
        return false;
      }
    },
    async update(limit) {
      if ((await get(limit)) === undefined) return false;
      if (limit.configMap !== undefined) await store(limit, limit.limit);
      else await locks.put(limitKey(limit.namespace, limit.key), encoded(limit));
      return true;
    },
    async remove(place) {
      if ((await get(place)) === undefined) return false;
      if (place.configMap !== undefined) await store(place, undefined);
      else await locks.delete(limitKey(place.namespace, place.key));
      return true;
    },
  };
}

const encoded = ({ namespace, key, limit }: SemaphoreLimit): string =>
  JSON.stringify({ v: 1, namespace, key, limit } satisfies StoredLimit);
