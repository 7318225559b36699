// The limits of semaphores: from applied ConfigMaps, from references to those of a cluster, from the limits of
// `sluice sync`. A change is told, and counts at once.
import { type Clock, isObject, type Logger, messageOf, sideBySide, sleepFor } from "@sluice/base";
import type { ResourceChange, Resources } from "@sluice/bus";
import type { LockWish } from "../run/state/asks.ts";
import type { StoredLimit } from "./lock-store.ts";

export type Limit =
  | { readonly kind: "limit"; readonly value: number }
  | { readonly kind: "none"; readonly reason: string };

/** How many runs may be under way at once; absent = any number. */
export interface RunPlaces {
  readonly total?: number;
  readonly perNamespace?: number;
}

export interface LimitDeps {
  readonly places?: RunPlaces;
  /** Where applied ConfigMaps are. */
  readonly resources?: Pick<Resources, "watch">;
  /** A ConfigMap's value elsewhere: a cluster's, or a file's. */
  readonly lookup?: (namespace: string, name: string, key: string) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly log: Logger;
}

/** How often what cannot be watched is read again while somebody waits, ms. */
const rereadMs = 5_000;

const mutexLimit: Limit = { kind: "limit", value: 1 };

export class LimitBook {
  readonly #deps: LimitDeps;
  readonly #configMaps = new Map<string, Readonly<Record<string, unknown>>>();
  readonly #database = new Map<string, number>();
  readonly #caughtUp: Promise<void>;
  #seen: () => void = () => {};

  constructor(deps: LimitDeps) {
    this.#deps = deps;
    this.#caughtUp =
      deps.resources === undefined ? Promise.resolve() : new Promise((resolve) => (this.#seen = resolve));
  }

  /** Follows the ConfigMaps until the signal aborts; `changed` is called for each that is not as it was. */
  async follow(changed: () => void, signal: AbortSignal): Promise<void> {
    await sideBySide(signal, [
      (ending) => this.#reread(changed, ending),
      (ending) => this.#watch(changed, ending),
    ]);
  }

  async #watch(changed: () => void, signal: AbortSignal): Promise<void> {
    if (this.#deps.resources === undefined) return;
    for await (const change of this.#deps.resources.watch(["ConfigMap"], signal))
      this.#learn(change, changed);
  }

  #learn(change: ResourceChange, changed: () => void): void {
    if (change.type === "caught-up") {
      this.#seen();
      return;
    }
    const { namespace, name } = change.type === "applied" ? change.resource : change;
    const id = `${namespace}/${name}`;
    if (change.type === "applied") this.#configMaps.set(id, dataOf(change.resource.manifest));
    else this.#configMaps.delete(id);
    changed();
  }

  async #reread(changed: () => void, signal: AbortSignal): Promise<void> {
    if (this.#deps.lookup === undefined) return;
    while (!signal.aborted) {
      await sleepFor(this.#deps.clock, rereadMs, signal);
      if (!signal.aborted) changed();
    }
  }

  /** A limit of `sluice sync` as it is stored; undefined = removed. */
  learn(key: string, stored: StoredLimit | undefined): void {
    if (stored === undefined) this.#database.delete(key);
    else this.#database.set(key, stored.limit);
  }

  async of(wish: LockWish, key: string): Promise<Limit> {
    switch (wish.kind) {
      case "mutex":
      case "database-mutex":
        return mutexLimit;
      case "place": {
        const { total, perNamespace } = this.#deps.places ?? {};
        const value = wish.namespace === "" ? total : perNamespace;
        return { kind: "limit", value: value ?? Number.MAX_SAFE_INTEGER };
      }
      case "database": {
        const value = this.#database.get(key);
        return value === undefined
          ? none(`semaphore '${wish.key}' has no limit; give it one with \`sluice sync create\``)
          : { kind: "limit", value };
      }
      case "configmap":
        return this.#configMapLimit(wish);
    }
  }

  async #configMapLimit({ namespace, name, item = "", key }: LockWish): Promise<Limit> {
    await this.#caughtUp;
    const data = this.#configMaps.get(`${namespace}/${name}`);
    let text = data !== undefined && Object.hasOwn(data, item) ? data[item] : undefined;
    if (text === undefined) {
      try {
        text = await this.#deps.lookup?.(namespace, name, item);
      } catch (error) {
        this.#deps.log.warn("a semaphore's limit cannot be read", { lock: key, reason: messageOf(error) });
        return none(`failed to get semaphore limit of ${key}: ${messageOf(error)}`);
      }
    }
    if (text === undefined)
      return none(
        data === undefined
          ? `failed to get semaphore limit: ConfigMap '${namespace}/${name}' does not exist`
          : `failed to get semaphore limit: ConfigMap '${namespace}/${name}' has no key '${item}'`,
      );
    if (typeof text !== "string" || !/^\s*\d{1,9}\s*$/.test(text))
      return none(
        `failed to get semaphore limit: ${key} is ${JSON.stringify(text).slice(0, 80)}, not a whole number`,
      );
    return { kind: "limit", value: Number(text) };
  }
}

const dataOf = (manifest: unknown): Readonly<Record<string, unknown>> => {
  const data = isObject(manifest) ? manifest["data"] : undefined;
  return isObject(data) ? data : {};
};

const none = (reason: string): Limit => ({ kind: "none", reason });
