import type { KeyValue } from "@sluice/bus";

export interface ShardSettings {
  readonly leases: KeyValue;
  /** Shards of a new installation; one that exists keeps its number. Default 64. */
  readonly count?: number;
  /** Names this process for others on its machine. */
  readonly process?: string;
  /** Whether a process of this machine is surely dead; false when in doubt, or of another machine. */
  readonly isGone?: (process: string) => boolean;
}
