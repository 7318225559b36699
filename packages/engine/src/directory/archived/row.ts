import type { ArchiveRow } from "@sluice/bus";

/** A row of the archive as lists need it. */
export interface IndexedRow
  extends Pick<
    ArchiveRow,
    "key" | "uid" | "phase" | "submittedAt" | "startedAt" | "finishedAt" | "labels" | "causes"
  > {
  /** Uids that it had before. */
  readonly earlier: readonly string[];
  /** The packed object, when it is held. */
  readonly object: string | undefined;
  /** How long it is, held or not. */
  readonly packedChars: number;
}
