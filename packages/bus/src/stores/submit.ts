// The one way to start a run.
// Invariants
//   U1. One uid starts at most once, however late its repeat comes: the archive's row (or tombstone) and the run's own
//       subject are looked at, not a dedup window (P3).
//   U2. A name belongs to one living run.
import { hasCode } from "@sluice/base";
import type { RunSubmitted } from "@sluice/spec";
import { BusError } from "../errors.ts";
import type { Archive } from "../ports/archive.ts";
import type { Journal, RunKey, SubmitOutcome, SubmitRun } from "../ports/journal.ts";
import type { StoreContext } from "./context.ts";

/** A journal is purged no sooner after its archive row than this, ms: a look at the archive is fresh for so long. */
const freshMs = 5_000;
/** A subject may be purged between our append and our look; more often than this means that something is wrong. */
const tries = 5;

export function makeSubmitRun(
  context: StoreContext,
  archive: Archive,
  journal: Journal<RunSubmitted>,
): SubmitRun {
  return async (fact) => {
    const key = { namespace: fact.namespace, name: fact.name };
    for (let attempt = 1; attempt <= tries; attempt++) {
      const outcome = await tryToStart(key, fact);
      if (outcome !== undefined) return outcome;
    }
    throw BusError.UNAVAILABLE({ what: `submit '${fact.name}'`, reason: "its subject changed on each try" });
  };

  /** Undefined when the subject held a journal at the append and none at the look after it. */
  async function tryToStart(key: RunKey, fact: RunSubmitted): Promise<SubmitOutcome | undefined> {
    const lookedAt = context.clock.monotonic();
    const archived = await archivedOutcome(archive, key, fact.uid);
    if (archived !== undefined) return archived;
    try {
      const seq = await journal.append(key, [fact], 0);
      return (await startedTwice(lookedAt, key, fact.uid)) ? { kind: "duplicate" } : { kind: "created", seq };
    } catch (error) {
      if (!hasCode(error, "BUS_WRONG_SEQUENCE")) throw error;
    }
    const first = await firstOf(journal, key);
    if (first === undefined) return undefined;
    const { uid, reuse } = first;
    const isOurs = uid === fact.uid || reuse?.earlier?.includes(fact.uid) === true;
    return isOurs ? { kind: "duplicate" } : { kind: "name-taken", uid };
  }

  /** We may have been stopped between the look and the append for so long that the run lived and was purged meanwhile. */
  async function startedTwice(lookedAt: number, key: RunKey, uid: string): Promise<boolean> {
    if (context.clock.monotonic() - lookedAt < freshMs) return false;
    const outcome = await archivedOutcome(archive, key, uid);
    if (outcome?.kind !== "duplicate") return false;
    await journal.purge(key);
    return true;
  }
}

async function archivedOutcome(
  archive: Archive,
  key: RunKey,
  uid: string,
): Promise<SubmitOutcome | undefined> {
  const row = await archive.get(key);
  if (row === undefined) return undefined;
  if (row.uid === uid || ("earlier" in row && row.earlier?.includes(uid) === true))
    return { kind: "duplicate" };
  // A tombstone keeps its cause from running again; the name is free for others.
  return "deletedAt" in row ? undefined : { kind: "name-taken", uid: row.uid };
}

async function firstOf(journal: Journal<RunSubmitted>, key: RunKey): Promise<RunSubmitted | undefined> {
  for await (const record of journal.read(key)) return record.facts[0];
  return undefined;
}
