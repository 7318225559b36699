// Which shard a run is in, and which engine should have a shard. Pure, and the same on every machine.

/** FNV-1a over UTF-16 units, then mixed: ids that differ in one character land far apart. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/**
 * The shard of a run, from its uid: the ids of its steps begin with it, so that an executor can tell whose a step is
 * without knowing its run.
 */
export const shardOf = (runUid: string, shards: number): number => hash(runUid) % shards;

/** Rendezvous hashing: a member that comes or goes moves only the shards that it gains or had. */
export function preferredOwner(shard: number, members: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestScore = -1;
  for (const member of members) {
    const score = hash(`${shard}/${member}`);
    if (score > bestScore || (score === bestScore && best !== undefined && member < best)) {
      best = member;
      bestScore = score;
    }
  }
  return best;
}
