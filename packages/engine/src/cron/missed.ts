// Which of the instants that are due are still run. The rule, in words:
//   default  the latest one, when it is not late, or not later than startingDeadlineSeconds (Argo's rule)
//   none     the latest one, when it is not late
//   latest   the latest one, however late, but not later than a startingDeadlineSeconds above 0
//   all      each one, up to a limit counted from the newest, not later than a startingDeadlineSeconds above 0
import { type CronDefinition, instantsBetween } from "./definition.ts";

/** An instant that is looked at within so many ms is not late: a restart of the process takes that long. */
export const onTimeMs = 30_000;

export interface DueInstants {
  /** To be run, in order. */
  readonly chosen: readonly number[];
  /** Instants that were due and are passed over: at least so many. */
  readonly missed: number;
  /** The last instant that is due; every one up to it is decided by this. Undefined when none is due. */
  readonly last: number | undefined;
}

interface Span {
  /** Epoch ms: every instant up to here is decided. */
  readonly after: number;
  readonly upTo: number;
  readonly anchor: number;
}

/** A first look goes back so far; each further one twice as far, so that years of absence cost no more than what is kept. */
const firstWindowMs = 120_000;
/** Bound of one look back, instants. */
const maxInstants = 20_000;

export function dueInstants(definition: CronDefinition, span: Span): DueInstants {
  const wanted = definition.missed === "all" ? definition.missedLimit : 1;
  const instants = newest(definition, span, wanted);
  const last = instants.at(-1);
  if (last === undefined) return { chosen: [], missed: 0, last };
  const chosen = instants.slice(-wanted).filter((instant) => isRun(definition, span.upTo - instant));
  return { chosen, missed: instants.length - chosen.length, last };
}

function newest(definition: CronDefinition, span: Span, wanted: number): readonly number[] {
  for (let windowMs = firstWindowMs; ; windowMs *= 2) {
    const after = Math.max(span.after, span.upTo - windowMs);
    const found = instantsBetween(definition, { ...span, after }, maxInstants);
    if (found.length >= wanted || after === span.after) return found;
  }
}

function isRun({ missed, deadlineMs }: CronDefinition, lateMs: number): boolean {
  if (lateMs <= onTimeMs) return true;
  switch (missed) {
    case "none":
      return false;
    case "default":
      return deadlineMs !== undefined && lateMs <= deadlineMs;
    case "latest":
    case "all":
      return deadlineMs === undefined || deadlineMs === 0 || lateMs <= deadlineMs;
  }
}
