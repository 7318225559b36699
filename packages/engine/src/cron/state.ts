import { hashUid } from "@sluice/base";
import { runIdentity } from "@sluice/spec";
import type { CronDefinition } from "./definition.ts";

/** A run of a cron workflow, by the instant that it is for. */
export interface CronRun {
  readonly uid: string;
  readonly name: string;
  /** The instant, epoch ms. */
  readonly at: number;
}

export interface ActiveRun extends CronRun {
  /** Epoch ms: when it was decided. Absent once it is known to be submitted. */
  readonly askedAt?: number;
  /** Runs to be terminated before it is submitted (concurrencyPolicy Replace). */
  readonly replaces?: readonly string[];
}

export interface FinishedRun extends CronRun {
  readonly phase: "Succeeded" | "Failed" | "Error";
  readonly finishedAt: number;
}

export interface CronProblem {
  readonly type: "SpecError" | "SubmissionError";
  /** Epoch ms. */
  readonly at: number;
  readonly message: string;
}

/** What is known of one cron workflow: plain JSON, stored under compare-and-set. */
export interface CronState {
  readonly v: 1;
  /** Of this cron workflow from its first application to its deletion; runs' uids follow from it. */
  readonly uid: string;
  /** Epoch ms. */
  readonly createdAt: number;
  readonly generation: number;
  /** Of the resource with that generation. */
  readonly revision: number;
  readonly timing: string;
  readonly suspended: boolean;
  /** Where `@every` counts from, epoch ms. */
  readonly anchor: number;
  /** Every instant up to here is decided, epoch ms. */
  readonly decided: number;
  readonly lastScheduled?: number;
  readonly phase: "Active" | "Stopped";
  readonly active: readonly ActiveRun[];
  /** In the order of their ends. */
  readonly finished: readonly FinishedRun[];
  readonly succeeded: number;
  readonly failed: number;
  /** Instants that were due and not run, at least so many. */
  readonly missed: number;
  /** Instants at which `when` or concurrencyPolicy Forbid said no. */
  readonly skipped: number;
  readonly problem?: CronProblem;
}

export function newState(definition: CronDefinition): CronState {
  const { namespace, name, generation, revision, appliedAt, timing, suspended } = definition;
  return {
    v: 1,
    uid: hashUid("cron", namespace, name, String(appliedAt)),
    createdAt: appliedAt,
    generation,
    revision,
    timing,
    suspended,
    anchor: appliedAt,
    decided: appliedAt,
    phase: "Active",
    active: [],
    finished: [],
    succeeded: 0,
    failed: 0,
    missed: 0,
    skipped: 0,
  };
}

/** What makes the run of an instant the same run, whoever asks for it and how often. */
export const causeOf = (state: Pick<CronState, "uid">, instant: number): string =>
  `cron:${state.uid}@${instant}`;

/** Argo's name: the instant's Unix seconds behind the cron's name. */
export const runNameOf = (cron: string, instant: number): string => `${cron}-${Math.floor(instant / 1_000)}`;

export function runOf(state: Pick<CronState, "uid">, cron: string, instant: number): CronRun {
  const { uid, name } = runIdentity({ name: runNameOf(cron, instant) }, causeOf(state, instant));
  return { uid, name, at: instant };
}
