// Removes runs when their `ttlStrategy` says so, and when there are more than the setting `retentionPolicy` keeps;
// and of runs that are removed, by it or by hand, the claims that they had kept.
// Owns:      a queue of what is due, from the archive's own changes.    Talks to: Archive, RunDirectory, Clock, Executors.
// Invariants
//   T1. Nothing is kept but the archive: a restart reads what is due from it, however long ago that was.
//   T2. Only the run whose row said so is removed: the name may have another one by then, or be tried again.
//   T3. Several processes may do it: they choose the same runs, and who is second finds nothing.
//   T4. Nothing is removed as surplus before the whole archive was read: the newest may come last.
import { type Clock, hasCode, type Logger, messageOf, sideBySide, sleepFor } from "@sluice/base";
import type { Archive, RunKey } from "@sluice/bus";
import type { RunDirectory } from "../directory/port.ts";
import { DueQueue } from "../simulate/due-queue.ts";
import { type ClaimsDeps, FreedClaims } from "./freed-claims.ts";
import { type KeepNewest, NewestRuns } from "./newest.ts";

export interface RetentionDeps {
  readonly archive: Archive;
  readonly runs: RunDirectory;
  readonly clock: Clock;
  readonly log: Logger;
  /** Absent: all are kept. */
  readonly keep?: KeepNewest;
  /** Absent: there is no executor in this process. */
  readonly claims?: ClaimsDeps;
}

interface Due {
  readonly why: "ttlStrategy" | "retentionPolicy";
  readonly key: RunKey;
  readonly uid: string;
}

/** No wait is longer: a machine that slept looks at its clock again. */
const longestWaitMs = 30_000;
/** When the bus is away, it is tried again after this. */
const againMs = 5_000;

/** Runs until the signal aborts. */
export async function runRetention(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  const due = new DueQueue<Due>();
  let wake = new AbortController();
  const newest = deps.keep === undefined ? undefined : new NewestRuns(deps.keep);
  const { claims, clock, log } = deps;
  const freed = claims === undefined ? undefined : new FreedClaims({ ...claims, clock, log });
  let isCaughtUp = false;
  const trim = (): void => {
    if (newest === undefined || !isCaughtUp) return;
    for (const run of newest.takeSurplus()) due.put(deps.clock.now(), { ...run, why: "retentionPolicy" });
    wake.abort();
  };
  const follow = async (ending: AbortSignal): Promise<void> => {
    for await (const change of deps.archive.watch(ending)) {
      if (change.type === "caught-up") isCaughtUp = true;
      else if (change.type === "tombstone") {
        newest?.remove(change.key);
        freed?.put(change.key, change);
      } else if (change.type === "row") {
        const { row } = change;
        newest?.put(row);
        freed?.put(row.key, row);
        if (row.expiresAt !== undefined) {
          due.put(row.expiresAt, { key: row.key, uid: row.uid, why: "ttlStrategy" });
          wake.abort();
        }
      }
      trim();
    }
  };
  const remove = async (ending: AbortSignal): Promise<void> => {
    while (!ending.aborted) {
      wake = new AbortController();
      const now = deps.clock.now();
      if ((due.nextAt ?? Number.POSITIVE_INFINITY) <= now) {
        const next = due.take();
        if (next !== undefined && !(await removed(deps, next))) due.put(now + againMs, next);
        continue;
      }
      const waitMs = Math.min(longestWaitMs, (due.nextAt ?? Number.POSITIVE_INFINITY) - now);
      await sleepFor(deps.clock, waitMs, AbortSignal.any([ending, wake.signal]));
    }
  };
  const forget = async (ending: AbortSignal): Promise<void> => freed?.run(ending);
  await sideBySide(signal, [follow, remove, forget]);
}

/** False when it has to be tried again. */
async function removed({ archive, runs, log }: RetentionDeps, { key, uid, why }: Due): Promise<boolean> {
  try {
    const row = await archive.get(key);
    if (row?.uid !== uid || "deletedAt" in row) return true;
    await runs.delete(key, { by: why, uid });
    log.info("a finished workflow is removed", { run: key.name, namespace: key.namespace, why });
    return true;
  } catch (error) {
    if (hasCode(error, "ENGINE_RUN_NOT_FOUND")) return true;
    log.warn("a workflow cannot be removed, trying again", { run: key.name, reason: messageOf(error) });
    return false;
  }
}
