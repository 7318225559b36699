/** Whose a run is, for the loop. */
export interface Shards {
  /** Whether engines share the runs by leases. If not, the mark that came last decides. */
  readonly isShared: boolean;
  /** Whether the run is ours as far as we know: true may be old by the length of a pause. */
  holds(runUid: string): boolean;
  /** Whether it is ours for sure: nobody can have taken it meanwhile. False = ask `confirm`. */
  isFresh(runUid: string): boolean;
  /** Whether a run is ours, and has been without a break since this was called. */
  tenure(): (runUid: string) => boolean;
  /** Makes what we hold sure, if it is not; resolves once it is, or when the engine ends. */
  freshen(): Promise<void>;
  /** Asks the bucket; resolves once the answer is certain. False also when the engine ends. */
  confirm(runUid: string): Promise<boolean>;
}

/** One engine that has every run, and gives one up when another engine's mark is in its journal. */
export const unshared: Shards = {
  isShared: false,
  holds: () => true,
  isFresh: () => true,
  tenure: () => () => true,
  freshen: () => Promise.resolve(),
  confirm: () => Promise.resolve(true),
};

/** Whether who has not `left` the run may still act for it: asked right before what must be done by one engine alone. */
export const isStillOurs = async (shards: Shards, runUid: string, left: AbortSignal): Promise<boolean> =>
  !left.aborted && (shards.isFresh(runUid) || (await shards.confirm(runUid))) && !left.aborted;

/** What happens to shards, told by the keeper. */
export interface ShardEvents {
  /** They are ours now. */
  gained(shards: readonly number[]): void;
  /** Someone else has them: nothing may be done for their runs any more. */
  lost(shards: readonly number[]): void;
  /**
   * A live member should have this shard: let its runs go cleanly. False = not now (its steps run where that member
   * cannot reach them).
   */
  release(shard: number, isSameSite: boolean): Promise<boolean>;
}
