// Where runs are: those of this process in its registry, others in their journal, finished ones in the archive. A run
// that is just being put away is in two of these places, and shown from the first.
// Invariant
//   W1. The places are looked at in this order, each after the one before: a run goes from one to the next, is in the next
//       before it leaves the one, and so is in one of them whenever it is looked for. What a retry takes back from the
//       archive keeps its row there.
import { type Clock, type Logger, silentLogger } from "@sluice/base";
import type { Archive, ArchiveRow, ArchiveTombstone, Journal } from "@sluice/bus";
import type { Fact } from "../facts.ts";
import type { RunRegistry } from "../loop/registry.ts";
import { objectOf } from "../project/archive.ts";
import { projectWorkflow } from "../project/workflow.ts";
import type { WorkflowObject } from "../project/workflow-object.ts";
import type { Run, RunKeyed } from "../run/state/run.ts";
import { ArchiveIndex } from "./archived/archive-index.ts";
import { JournalReader } from "./journal-reader.ts";

export interface RunPlaces {
  readonly registry: RunRegistry;
  readonly journal: Journal<Fact>;
  readonly archive: Archive;
  readonly reader: JournalReader;
  readonly index: ArchiveIndex;
  readonly deletions: Deletions;
  readonly find: (key: RunKeyed) => Promise<WorkflowObject | undefined>;
}

/**
 * Uids of runs that were deleted through this directory. What follows journal and archive learns of it a moment later,
 * and a reader who waited for the deletion must not see the run again.
 */
export class Deletions {
  readonly #uids = new Set<string>();

  add(uid: string): void {
    this.#uids.add(uid);
    const [oldest] = this.#uids;
    if (this.#uids.size > maxDeletions && oldest !== undefined) this.#uids.delete(oldest);
  }

  has(uid: string): boolean {
    return this.#uids.has(uid);
  }
}

/** By the time that so many were deleted after it, the first one is known everywhere. */
const maxDeletions = 10_000;

export const isRow = (row: ArchiveRow | ArchiveTombstone | undefined): row is ArchiveRow =>
  row !== undefined && "object" in row;

export function makePlaces(
  deps: Pick<RunPlaces, "registry" | "journal" | "archive"> & {
    readonly clock: Clock;
    readonly log?: Logger;
  },
): RunPlaces {
  const { registry, journal, archive, clock, log = silentLogger } = deps;
  const reader = new JournalReader(journal);
  const index = new ArchiveIndex(archive, { clock, log });
  const deletions = new Deletions();
  const isGone = (run: Run) => run.deleted || deletions.has(run.uid);
  const find = async (key: RunKeyed): Promise<WorkflowObject | undefined> => {
    const live = registry.get(key);
    if (live !== undefined && !live.run.sealed)
      return isGone(live.run)
        ? undefined
        : projectWorkflow(live.run, live.seq, (stepId) => live.step(stepId));
    const read = live === undefined ? await reader.read(key) : undefined;
    if (read !== undefined && !read.run.sealed)
      return isGone(read.run) ? undefined : projectWorkflow(read.run, read.seq);
    const row = await archive.get(key);
    return isRow(row) && !deletions.has(row.uid) ? objectOf(row) : undefined;
  };
  return { registry, journal, archive, reader, index, deletions, find };
}
