// A backfill: the scheduled times of a span in the past, each run once, so many at a time. Pure.
import type { RunAtOutcome } from "../directory/port.ts";

export interface BackfillEntry {
  /** Epoch ms. */
  readonly instant: number;
  /** Of its run; absent until it is known that there is one. */
  readonly run?: string;
}

export interface BackfillState {
  readonly v: 1;
  readonly namespace: string;
  readonly cron: string;
  /** Its own name, the value of its runs' label. */
  readonly name: string;
  /** Epoch ms; both count. */
  readonly start: number;
  readonly end: number;
  readonly parallel: number;
  /** A workflow parameter that gets the scheduled time in a Go layout. */
  readonly argument?: { readonly name: string; readonly format: string };
  /** Runs also what ran before: the same text gives the same run. */
  readonly again?: string;
  readonly requestedAt: number;
  /** Instants up to this one are decided. */
  readonly decided: number;
  readonly active: readonly BackfillEntry[];
  readonly created: number;
  /** Instants that had run before. */
  readonly existed: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly phase: "Running" | "Succeeded" | "Failed" | "Stopped";
  readonly message?: string;
  readonly finishedAt?: number;
}

const without = (active: readonly BackfillEntry[], instant: number): readonly BackfillEntry[] =>
  active.filter((entry) => entry.instant !== instant);

const endPhases: ReadonlySet<string> = new Set(["Succeeded", "Failed", "Error"]);

/** Its run was asked for. One that exists with this backfill's label was made before an answer was lost. */
export function asked(
  state: BackfillState,
  instant: number,
  outcome: RunAtOutcome & { readonly isOwn: boolean },
): BackfillState {
  const isNew = outcome.kind === "created" || outcome.isOwn;
  const counted = isNew ? { ...state, created: state.created + 1 } : { ...state, existed: state.existed + 1 };
  if (outcome.workflow === undefined) return { ...counted, active: without(state.active, instant) };
  const active = state.active.map((entry) =>
    entry.instant === instant ? { instant, run: outcome.name } : entry,
  );
  return { ...counted, active };
}

/** It cannot be started, and never will. */
export const refused = (state: BackfillState, instant: number, message: string): BackfillState => ({
  ...state,
  message,
  failed: state.failed + 1,
  active: without(state.active, instant),
});

/** How a run that is looked at stands; undefined = it was removed, and how it ended is not known. */
export function seen(state: BackfillState, instant: number, phase: string | undefined): BackfillState {
  if (phase !== undefined && !endPhases.has(phase)) return state;
  const rest = { ...state, active: without(state.active, instant) };
  if (phase === undefined) return rest;
  return phase === "Succeeded"
    ? { ...rest, succeeded: state.succeeded + 1 }
    : { ...rest, failed: state.failed + 1 };
}

/** How many further instants may be under way now. */
export function roomOf(state: BackfillState): number {
  return state.phase === "Running" ? Math.max(0, state.parallel - state.active.length) : 0;
}

/** Takes the next instants; without any, and with none under way, it is over. */
export function advanced(state: BackfillState, instants: readonly number[], at: number): BackfillState {
  if (state.phase !== "Running") return state;
  if (instants.length > 0)
    return {
      ...state,
      decided: instants.at(-1) ?? state.decided,
      active: [...state.active, ...instants.map((instant) => ({ instant }))],
    };
  if (state.active.length > 0) return state;
  return { ...state, phase: state.failed > 0 ? "Failed" : "Succeeded", finishedAt: at };
}

/** Nothing more is started; what is under way goes on. */
export const stopped = (state: BackfillState, at: number, message?: string): BackfillState =>
  state.phase !== "Running"
    ? state
    : {
        ...state,
        phase: message === undefined ? "Stopped" : "Failed",
        finishedAt: at,
        ...(message === undefined ? {} : { message }),
      };
