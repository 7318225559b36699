// What a run waits to be told by the world before something of it may go, and what it holds of the world.
import type { ConfigKey } from "../../definitions/config-maps.ts";
import type { Call, Gate } from "./frames.ts";
import type { NodeOutputs } from "./node.ts";

/** The ask of the run itself: no node's id has a slash. */
export const runAsk = "/run";

/** The asks of a run for a place among those of its namespace, and then among all. */
export const placeAsks = ["/place/namespace", "/place"] as const;

/** One lock that somebody wants. */
export interface LockWish {
  /** As it is shown: `ns/Mutex/name`, `ns/ConfigMap/cm/key`, `ns/Database/key`. */
  readonly key: string;
  readonly kind: "mutex" | "configmap" | "database-mutex" | "database" | "place";
  readonly namespace: string;
  readonly name: string;
  /** The key in the ConfigMap that has the limit. */
  readonly item?: string;
}

/** All locks of the list at once, or none. */
export interface LockAsk {
  readonly kind: "locks";
  readonly id: string;
  readonly locks: readonly LockWish[];
  readonly order: number;
  /** Absent: the run's own. */
  readonly gate?: Gate | undefined;
}

export interface MemoAsk {
  readonly kind: "memo";
  readonly id: string;
  readonly cache: string;
  readonly key: string;
  /** An older entry does not count; absent = any age. */
  readonly maxAgeMs?: number | undefined;
  readonly order: number;
  readonly gate: Gate;
}
/** A key of a ConfigMap that calls wait for. */
export interface ConfigAsk {
  readonly kind: "config";
  readonly id: string;
  readonly key: ConfigKey;
  readonly order: number;
  /** In the order in which they came. */
  readonly calls: Call[];
  readonly gate?: undefined;
}
export type Ask = LockAsk | MemoAsk | ConfigAsk;

export interface HeldLocks {
  readonly locks: readonly LockWish[];
  readonly fences: Readonly<Record<string, number>>;
}

/** `ask` names the holder within the run. */
export interface LockRelease {
  readonly ask: string;
  readonly locks: readonly LockWish[];
  /** The acquisition that is given back; absent: an ask that is withdrawn, whatever it got. */
  readonly fences?: Readonly<Record<string, number>>;
}

/** Outputs for a cache. */
export interface MemoSave {
  readonly cache: string;
  readonly key: string;
  readonly node: string;
  readonly createdAt: number;
  readonly outputs?: NodeOutputs | undefined;
}
