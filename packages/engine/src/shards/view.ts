// What one engine knows of the others, folded from the bucket's changes in their order. Pure.
// Invariants
//   V1. A member is silent once `silentBeats` of our own regular beats have come back to us since its last beat. No
//       clock is compared: a paused process, a lost connection or a slow watch sends or sees no beats, and judges nobody.
//   V2. The bucket is one stream: who sees the table at a revision has seen every beat before it. So a change of the
//       table on that revision never overlooks a beat that its owner gave before it touched the table.

/** Regular beats come this far apart, ms. */
export const beatMs = 1_000;
/** A member that missed so many of our beats is dead. */
export const silentBeats = 3;

export interface Beat {
  readonly v: 1;
  /** Beats between the regular ones count for nobody's silence. */
  readonly isRegular: boolean;
  /** Where its executors keep running steps; members of one site can take each other's steps over. */
  readonly site?: string;
  /** Names the process on its machine, for those who can see whether it still runs. */
  readonly process?: string;
}

/** Who has which shard. `epochs` grow with each change of hands. */
export interface ShardTable {
  readonly v: 1;
  /** Member ids, by shard; "" = nobody. */
  readonly owners: readonly string[];
  readonly epochs: readonly number[];
}

export interface Member {
  readonly id: string;
  readonly beat: Beat;
  revision: number;
  /** Our regular beats since its last one. */
  missed: number;
}

export class ShardView {
  readonly self: string;
  readonly members = new Map<string, Member>();
  table: ShardTable | undefined;
  tableRevision = 0;

  constructor(self: string) {
    this.self = self;
  }

  beat(id: string, beat: Beat, revision: number): void {
    const known = this.members.get(id);
    if (known !== undefined && known.revision >= revision) return;
    this.members.set(id, { id, beat, revision, missed: 0 });
    if (id !== this.self || !beat.isRegular) return;
    for (const member of this.members.values()) if (member.id !== id) member.missed += 1;
  }

  left(id: string): void {
    this.members.delete(id);
  }

  /** False when something newer is known already. */
  tableIs(table: ShardTable, revision: number): boolean {
    if (revision <= this.tableRevision) return false;
    this.table = table;
    this.tableRevision = revision;
    return true;
  }

  /** `isGone`: the process is surely dead, whatever its beats say. */
  isLive(id: string, isGone: (process: string) => boolean): boolean {
    const member = this.members.get(id);
    if (member === undefined) return false;
    if (id === this.self) return true;
    return member.missed < silentBeats && !(member.beat.process !== undefined && isGone(member.beat.process));
  }

  live(isGone: (process: string) => boolean): readonly string[] {
    return [...this.members.keys()].filter((id) => this.isLive(id, isGone));
  }
}
