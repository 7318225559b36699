// Finds locks whose holder is no more: the run ended, was deleted or never existed, or holds them no longer.
// Invariants
//   S1. What a run of this process says of itself counts at once, if it is this process's for sure: one that was frozen
//       may know less than the engine that has it now. Of another's run counts only that its journal is gone, and only
//       for what is older than `graceMs`: the run may just be changing hands.
//   S2. Sweeping is level-triggered: what a crash left behind is found by the next round.
import { type Clock, type Logger, messageOf, sleepFor } from "@sluice/base";
import type { Journal } from "@sluice/bus";
import type { Fact } from "../facts.ts";
import type { RunRegistry } from "../loop/registry.ts";
import { isClaimed } from "../run/gates/books.ts";
import type { Shards } from "../shards/port.ts";
import type { LockManager } from "./lock-manager.ts";
import type { Holder, Waiter } from "./lock-table.ts";

export interface SweepDeps {
  readonly journal: Journal<Fact>;
  readonly registry: RunRegistry;
  readonly shards: Pick<Shards, "confirm">;
  readonly clock: Clock;
  readonly log: Logger;
}

const graceMs = 60_000;
const everyMs = 30_000;

type Claim = Pick<Waiter, "holder" | "run" | "uid" | "ask"> & Partial<Pick<Holder, "fence">>;

/** Sweeps at once and then in rounds, until the signal aborts. */
export async function sweepLocks(deps: SweepDeps, manager: LockManager, signal: AbortSignal): Promise<void> {
  await Promise.race([manager.ready, aborted(signal)]);
  while (!signal.aborted) {
    try {
      const swept = await sweepRound(deps, manager);
      if (swept > 0) deps.log.info("locks of runs that are over were given back", { count: swept });
    } catch (error) {
      if (!signal.aborted) deps.log.warn("locks will be swept again", { reason: messageOf(error) });
    }
    await sleepFor(deps.clock, everyMs, signal);
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });

/** One round; gives how many were removed. */
export async function sweepRound(deps: SweepDeps, manager: LockManager): Promise<number> {
  const gone = new Map<string, boolean>();
  let swept = 0;
  for (const { lock, waiters } of manager.picture) {
    const claims: readonly (readonly [Claim, number])[] = [
      ...lock.entry.holders.map((holder) => [holder, holder.at] as const),
      ...waiters.map((waiter) => [waiter, waiter.createdAt] as const),
    ];
    for (const [claim, at] of claims) {
      if (await isAlive(deps, claim, at, gone)) continue;
      await manager.sweep(lock.id, claim);
      swept += 1;
    }
  }
  return swept;
}

async function isAlive(
  { journal, registry, shards, clock }: SweepDeps,
  { run: key, uid, ask }: Claim,
  at: number,
  gone: Map<string, boolean>,
): Promise<boolean> {
  if (registry.get(key)?.run.uid === uid && (await shards.confirm(uid))) {
    const here = registry.get(key);
    if (here?.run.uid === uid) return isClaimed(here.run, ask);
  }
  if (clock.now() - at < graceMs) return true;
  const known = gone.get(uid);
  if (known !== undefined) return !known;
  let first: string | undefined;
  for await (const record of journal.read(key)) {
    for (const fact of record.facts) if (fact.type === "submitted") first = fact.uid;
    break;
  }
  gone.set(uid, first !== uid);
  return first === uid;
}
