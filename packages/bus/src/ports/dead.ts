import type { DeadLetter } from "@sluice/spec";
import type { Stored } from "./events.ts";

/** DEAD: requests that were given up, until they are redriven. */
export interface DeadLetters {
  put(letter: DeadLetter): Promise<void>;
  list(namespace: string, limit: number): Promise<readonly Stored<DeadLetter>[]>;
  get(namespace: string, id: string): Promise<Stored<DeadLetter> | undefined>;
  /** Removed after its request went back to TRIGGERS. */
  remove(seq: number): Promise<void>;
}

/** The quarantine in DEAD. */
export interface Quarantine {
  /** Newest first; a message that was met several times is one entry. */
  list(namespace: string, limit: number): Promise<readonly Stored<QuarantinedMessage>[]>;
  get(namespace: string, id: string): Promise<Stored<QuarantinedMessage> | undefined>;
}

/** A message that no reader could decode: written by something else than Sluice, by a newer version, or damaged. */
export interface QuarantinedMessage {
  /** Names it in lists; made of stream and position. */
  readonly id: string;
  /** Epoch ms: when it was put aside. */
  readonly at: number;
  /** Where it was stored: `EVENTS`, `RUNS`, …, or `archive`. */
  readonly stream: string;
  readonly subject: string;
  readonly originalSeq: number;
  readonly reason: string;
  /** Base64 of its first 64 KiB. */
  readonly data: string;
}
