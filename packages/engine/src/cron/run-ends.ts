import type { ArchiveRow, ArchiveTombstone } from "@sluice/bus";
import type { CronDeps } from "./deps.ts";
import type { CronEvent } from "./reduce.ts";
import type { ActiveRun } from "./state.ts";

/** What has become of runs that were under way: ends, and runs that are nowhere any more. */
export async function endsOf(
  deps: CronDeps,
  namespace: string,
  active: readonly ActiveRun[],
): Promise<readonly CronEvent[]> {
  const events: CronEvent[] = [];
  for (const run of active) {
    if (run.askedAt !== undefined) continue;
    const event = await endOf(deps, namespace, run);
    if (event !== undefined) events.push(event);
  }
  return events;
}

async function endOf(deps: CronDeps, namespace: string, run: ActiveRun): Promise<CronEvent | undefined> {
  const { registry, archive, journal } = deps;
  const key = { namespace, name: run.name };
  const live = registry.get(key)?.run;
  if (live?.uid === run.uid) {
    if (live.deleted) return { type: "gone", uid: run.uid };
    if (live.stage !== "done") return undefined;
    return endedAs(run.uid, live.phase, live.finishedAt ?? live.now);
  }
  const row = await archive.get(key);
  if (row !== undefined) return archived(run.uid, row);
  for await (const _ of journal.read(key)) return undefined;
  // Between the two looks it may have been archived.
  const later = await archive.get(key);
  return later === undefined ? { type: "gone", uid: run.uid } : archived(run.uid, later);
}

function archived(uid: string, row: ArchiveRow | ArchiveTombstone): CronEvent {
  return row.uid === uid && "phase" in row
    ? { type: "ended", uid, phase: row.phase, finishedAt: row.finishedAt }
    : { type: "gone", uid };
}

const endedAs = (uid: string, phase: string, finishedAt: number): CronEvent => ({
  type: "ended",
  uid,
  phase: phase === "Succeeded" || phase === "Error" ? phase : "Failed",
  finishedAt,
});
