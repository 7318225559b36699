import { preferredOwner } from "./assignment.ts";
import type { ShardTable } from "./view.ts";

/** What one engine may do about the table, as it sees it. */
export interface ShardPlan {
  /** Shards of nobody, or of the dead, that are ours to take. */
  readonly take: readonly number[];
  /** Our shards that a live member should have, with who. */
  readonly give: ReadonlyMap<number, string>;
}

/** A live owner is never robbed: it gives away by itself. */
export function planShards(table: ShardTable, self: string, live: readonly string[]): ShardPlan {
  const isLive = new Set(live);
  const take: number[] = [];
  const give = new Map<number, string>();
  table.owners.forEach((owner, shard) => {
    const wanted = preferredOwner(shard, live);
    if (wanted === undefined || wanted === owner) return;
    if (owner === self) give.set(shard, wanted);
    else if (wanted === self && !isLive.has(owner)) take.push(shard);
  });
  return { take, give };
}

export const emptyTable = (shards: number): ShardTable => ({
  v: 1,
  owners: Array<string>(shards).fill(""),
  epochs: Array<number>(shards).fill(0),
});

/** The table after these shards changed hands. */
export function withOwners(table: ShardTable, changes: ReadonlyMap<number, string>): ShardTable {
  return {
    v: 1,
    owners: table.owners.map((owner, shard) => changes.get(shard) ?? owner),
    epochs: table.epochs.map((epoch, shard) => (changes.has(shard) ? epoch + 1 : epoch)),
  };
}
