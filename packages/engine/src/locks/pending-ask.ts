// One holder's ask for its locks, from its coming until it has them or is taken back; and what is in its way.
import type { LockWish } from "../run/state/asks.ts";
import { type NamedLock, namedLock } from "./lock-store.ts";
import { isHeldBy, type LockTable, type Waiter } from "./lock-table.ts";

export type LockAnswer =
  | { readonly kind: "locked"; readonly fences: Readonly<Record<string, number>> }
  | { readonly kind: "denied"; readonly reason: string };

export interface LockRequest {
  readonly waiter: Waiter;
  readonly locks: readonly LockWish[];
  /** Whether the run is still this process's; asked before each try to take a lock. */
  readonly permit: () => Promise<boolean>;
  /** Once; never after the ask was withdrawn. */
  readonly answer: (answer: LockAnswer) => void;
  /** What it waits for may be different now. */
  readonly changed: () => void;
}

export interface LockWait {
  /** The lock as it is shown. */
  readonly lock: string;
  readonly message: string;
}

export interface PendingAsk extends LockRequest {
  readonly named: readonly NamedLock[];
  /** By lock; empty while a limit is gone. */
  limits: ReadonlyMap<string, number>;
  /** By lock: fences under which this ask tried to take it. */
  readonly tried: ReadonlyMap<string, Set<number>>;
  state: "asking" | "queued" | "taking" | "over" | "abandoned";
  /** Set once its place was stored, or is being so. */
  enrolled: Promise<void> | undefined;
  failures: number;
}

export function pendingAsk(request: LockRequest): PendingAsk {
  const named = request.locks.map(namedLock);
  const tried = new Map(named.map(({ id }) => [id, new Set<number>()]));
  return { ...request, named, tried, limits: new Map(), state: "asking", enrolled: undefined, failures: 0 };
}

/** The first lock that keeps the ask from going (T2). */
export function obstacleOf({ named, waiter, limits }: PendingAsk, table: LockTable): NamedLock | undefined {
  return named.find(({ id }) => {
    const lock = table.get(id);
    if (lock === undefined || isHeldBy(lock.entry, waiter.holder) !== undefined) return false;
    return lock.entry.holders.length >= (limits.get(id) ?? 0) || lock.queue[0]?.holder !== waiter.holder;
  });
}

/** What an ask waits for, in the incumbent's words; undefined where nothing is in its way. */
export function waitOf(pending: PendingAsk, table: LockTable): LockWait | undefined {
  const obstacle = obstacleOf(pending, table);
  if (obstacle === undefined) return undefined;
  const limit = pending.limits.get(obstacle.id) ?? 0;
  const held = table.get(obstacle.id)?.entry.holders.length ?? 0;
  const message =
    limit === 0
      ? `Failed to get semaphore limit for ${obstacle.key}`
      : `Waiting for ${obstacle.key} lock. Lock status: ${Math.max(limit - held, 0)}/${limit}`;
  return { lock: obstacle.key, message };
}
