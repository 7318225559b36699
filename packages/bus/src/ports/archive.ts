import type { CauseRef } from "@sluice/spec";
import type { RunKey } from "./journal.ts";

/** KV `archive`: one summary a finished run; a deleted run leaves a tombstone so that its cause cannot run again. */
export interface Archive {
  /** A tombstone of the same uid wins: the row of a deleted run is not stored. What is `freed` there stays. */
  put(row: ArchiveRow): Promise<"stored" | "buried">;
  get(key: RunKey): Promise<ArchiveRow | ArchiveTombstone | undefined>;
  /** A row that cannot be read is put in quarantine and left out. */
  list(namespace?: string): AsyncIterable<ArchiveRow>;
  /** Leaves a tombstone, unless another run of the name has a row by now. The claims of the row are `freed` by it. */
  bury(key: RunKey, uid: string): Promise<void>;
  /** Of the newest change: a watch that is there has seen all that was stored before this was asked. */
  lastRevision(): Promise<number>;
  /** First what is there, then `caught-up`, then changes. Ends as `Journal.follow` does. */
  watch(signal: AbortSignal): AsyncIterable<ArchiveChange>;
}

/** `passed`: a change that shows nothing, such as a row that cannot be read. */
export type ArchiveChange =
  | { readonly type: "row"; readonly row: ArchiveRow; readonly revision: number }
  | ({ readonly type: "tombstone"; readonly key: RunKey; readonly revision: number } & FreedClaims)
  | { readonly type: "passed"; readonly revision: number }
  | { readonly type: "caught-up" };

export interface FreedClaims {
  /**
   * Owners of claims that nobody needs any more: of runs that had the name and were deleted, the newest last, at most 64.
   * They stay while the name has an entry, since executors of another machine may be away for long.
   */
  readonly freed?: readonly string[];
}

export interface ArchiveRow extends FreedClaims {
  readonly v: 1;
  readonly key: RunKey;
  readonly uid: string;
  readonly phase: "Succeeded" | "Failed" | "Error";
  readonly message?: string;
  readonly submittedAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly causes: readonly CauseRef[];
  /** Uids under which the run was tried before. */
  readonly earlier?: readonly string[];
  /** Epoch ms after which the run's `ttlStrategy` has it removed. */
  readonly expiresAt?: number;
  /** Whose the claims are that executors keep of the run: its first uid. Absent = they keep none. */
  readonly claims?: string;
  /** The workflow object in Argo's shape (spec and status), gzip (or, after "br:", brotli) and base64. */
  readonly object: string;
}

export interface ArchiveTombstone extends FreedClaims {
  readonly v: 1;
  readonly key: RunKey;
  readonly uid: string;
  readonly deletedAt: number;
}
