// Which finished runs are more than are kept: of each end only the newest so many. Pure.
import type { ArchiveRow, RunKey } from "@sluice/bus";
import { idOf } from "../run/state/run.ts";
import { DueQueue } from "../simulate/due-queue.ts";

/** How many finished runs are kept, by how they ended; absent = all of them. */
export interface KeepNewest {
  readonly completed?: number;
  readonly failed?: number;
  readonly errored?: number;
}

export interface KeptRun {
  readonly key: RunKey;
  readonly uid: string;
}

type Row = Pick<ArchiveRow, "key" | "uid" | "phase" | "finishedAt">;

const limitOf = (keep: KeepNewest, phase: Row["phase"]): number | undefined =>
  ({ Succeeded: keep.completed, Failed: keep.failed, Error: keep.errored })[phase];

/** Told of every row of the archive. Only phases with a limit take memory: one entry a run that is kept. */
export class NewestRuns {
  readonly #keep: KeepNewest;
  readonly #known = new Map<string, Row>();
  /** Oldest end first; an entry whose run is no longer the known one is passed over. */
  readonly #ends = new Map<Row["phase"], DueQueue<Row>>();
  readonly #counts = new Map<Row["phase"], number>();

  constructor(keep: KeepNewest) {
    this.#keep = keep;
  }

  put(row: Row): void {
    const { key, uid, phase, finishedAt } = row;
    this.remove(key);
    if (limitOf(this.#keep, phase) === undefined) return;
    const own: Row = { key, uid, phase, finishedAt };
    this.#known.set(idOf(key), own);
    const queue = this.#ends.get(phase) ?? new DueQueue<Row>();
    this.#ends.set(phase, queue);
    queue.put(finishedAt, own);
    this.#counts.set(phase, (this.#counts.get(phase) ?? 0) + 1);
  }

  remove(key: RunKey): void {
    const known = this.#known.get(idOf(key));
    if (known === undefined) return;
    this.#known.delete(idOf(key));
    this.#counts.set(known.phase, (this.#counts.get(known.phase) ?? 1) - 1);
  }

  /** The oldest ones over each limit, each once: from then on they are not counted. */
  takeSurplus(): readonly KeptRun[] {
    const surplus: KeptRun[] = [];
    for (const [phase, queue] of this.#ends) {
      const limit = limitOf(this.#keep, phase) ?? Number.POSITIVE_INFINITY;
      while ((this.#counts.get(phase) ?? 0) > limit) {
        const oldest = queue.take();
        if (oldest === undefined) break;
        if (this.#known.get(idOf(oldest.key)) !== oldest) continue;
        this.remove(oldest.key);
        surplus.push({ key: oldest.key, uid: oldest.uid });
      }
    }
    return surplus;
  }
}
