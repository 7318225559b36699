// The life of one cron workflow. Pure: time comes in events, and what is to be done follows from the state alone.
// Invariants
//   C1. An instant is decided once: `decided` only grows while the schedule stays the same, and what was decided before
//       it is stored before anything is done for it.
//   C2. A run that was decided is in `active` until it has ended, so a crash between deciding and submitting submits it
//       after the restart; its uid follows from the instant, so a repeat is the same run.
//   C3. A change of the schedule, and the end of a suspension, begin at the time when they were applied: no instant
//       before it is run.
import { failureText } from "../values/language.ts";
import { evaluateCronWhen, evaluateStop } from "./conditions.ts";
import type { CronDefinition } from "./definition.ts";
import { dueInstants } from "./missed.ts";
import {
  type ActiveRun,
  type CronProblem,
  type CronState,
  type FinishedRun,
  newState,
  runOf,
} from "./state.ts";

export type CronEvent =
  /** The definition in hand is this one. */
  | { readonly type: "defined"; readonly at: number }
  | { readonly type: "tick"; readonly at: number }
  | { readonly type: "submitted"; readonly uid: string }
  | { readonly type: "refused"; readonly uid: string; readonly at: number; readonly message: string }
  | ({ readonly type: "ended"; readonly uid: string } & Pick<FinishedRun, "phase" | "finishedAt">)
  /** An active run that is nowhere any more. */
  | { readonly type: "gone"; readonly uid: string }
  | { readonly type: "removed"; readonly uids: readonly string[] }
  /** A stopped one shall go on: its counts begin anew. */
  | { readonly type: "restarted"; readonly at: number };

/** Bound of runs under way of one cron workflow. */
const maxActive = 1_000;
/** Bound of finished runs that are remembered; older ones are no longer counted for the history. */
const maxFinished = 1_000;

/** The state itself when the event changes nothing. */
export function reduceCron(state: CronState, event: CronEvent, definition: CronDefinition): CronState {
  switch (event.type) {
    case "defined":
      return defined(state, definition, event.at);
    case "tick":
      return tick(state, definition, event.at);
    case "submitted":
      return submitted(state, event.uid);
    case "refused":
      return refused(state, definition, event);
    case "ended":
      return ended(state, definition, event);
    case "gone":
      return isActive(state, event.uid) ? { ...state, active: without(state.active, event.uid) } : state;
    case "removed":
      return state.finished.some(({ uid }) => event.uids.includes(uid))
        ? { ...state, finished: state.finished.filter(({ uid }) => !event.uids.includes(uid)) }
        : state;
    case "restarted":
      return { ...withoutProblem(state), phase: "Active", succeeded: 0, failed: 0, decided: event.at };
  }
}

function defined(state: CronState, definition: CronDefinition, at: number): CronState {
  const { generation, revision, appliedAt, timing, suspended } = definition;
  if (revision <= state.revision) return state;
  // Deleted and made again while nobody looked: another one of the same name.
  if (generation <= state.generation) return newState(definition);
  const anew = timing !== state.timing;
  const resumed = state.suspended && !suspended;
  const next: CronState = {
    ...withoutProblem(state),
    generation,
    revision,
    timing,
    suspended,
    ...(anew ? { anchor: appliedAt } : {}),
    ...(anew || resumed ? { decided: appliedAt } : {}),
    phase: "Active",
  };
  return state.phase === "Stopped" ? stopIfDue(next, definition, at) : next;
}

function tick(state: CronState, definition: CronDefinition, at: number): CronState {
  if (state.suspended || state.phase === "Stopped") return state;
  const { chosen, missed, last } = dueInstants(definition, {
    after: state.decided,
    upTo: at,
    anchor: state.anchor,
  });
  if (last === undefined) return state;
  let next = state;
  for (const instant of chosen) {
    // Each one is to be run: the next one waits for its turn, undecided.
    if (definition.missed === "all" && definition.concurrency === "Forbid" && next.active.length > 0)
      return next;
    next = { ...atInstant(next, definition, { instant, at }), decided: instant };
  }
  return { ...next, decided: last, missed: next.missed + missed };
}

interface Now {
  readonly instant: number;
  readonly at: number;
}

function atInstant(state: CronState, definition: CronDefinition, { instant, at }: Now): CronState {
  if (definition.concurrency === "Forbid" && state.active.length > 0) return skipped(state);
  if (state.active.length >= maxActive) {
    const message = `${maxActive} runs are under way; the instant ${new Date(instant).toISOString()} was passed over`;
    return { ...skipped(state), problem: { type: "SubmissionError", at, message } };
  }
  try {
    if (!evaluateCronWhen(definition, state, at)) return skipped(state);
  } catch (error) {
    return { ...skipped(state), problem: specProblem("when", error, at) };
  }
  const run = runOf(state, definition.name, instant);
  const replaces = definition.concurrency === "Replace" ? state.active.map(({ name }) => name) : [];
  const asked: ActiveRun = { ...run, askedAt: at, ...(replaces.length === 0 ? {} : { replaces }) };
  return { ...state, lastScheduled: instant, active: [...without(state.active, run.uid), asked] };
}

const skipped = (state: CronState): CronState => ({ ...state, skipped: state.skipped + 1 });

function submitted(state: CronState, uid: string): CronState {
  const run = state.active.find((active) => active.uid === uid && active.askedAt !== undefined);
  if (run === undefined) return state;
  const { askedAt: _asked, replaces: _replaces, ...known } = run;
  const active = state.active.map((other) => (other.uid === uid ? known : other));
  return state.problem?.type === "SubmissionError"
    ? { ...withoutProblem(state), active }
    : { ...state, active };
}

/** A run that could not be submitted counts as a failed one. */
function refused(
  state: CronState,
  definition: CronDefinition,
  { uid, at, message }: CronEvent & { readonly type: "refused" },
): CronState {
  if (!isActive(state, uid)) return state;
  const next: CronState = {
    ...state,
    active: without(state.active, uid),
    failed: state.failed + 1,
    problem: { type: "SubmissionError", at, message },
  };
  return stopIfDue(next, definition, at);
}

function ended(
  state: CronState,
  definition: CronDefinition,
  { uid, phase, finishedAt }: CronEvent & { readonly type: "ended" },
): CronState {
  const run = state.active.find((active) => active.uid === uid);
  if (run === undefined) return state;
  const finished: FinishedRun = { uid, name: run.name, at: run.at, phase, finishedAt };
  const count = phase === "Succeeded" ? { succeeded: state.succeeded + 1 } : { failed: state.failed + 1 };
  const next: CronState = {
    ...state,
    ...count,
    active: without(state.active, uid),
    finished: [...state.finished, finished].slice(-maxFinished),
  };
  return stopIfDue(next, definition, finishedAt);
}

function stopIfDue(state: CronState, definition: CronDefinition, at: number): CronState {
  try {
    return evaluateStop(definition, state, at) ? { ...state, phase: "Stopped" } : state;
  } catch (error) {
    return { ...state, problem: specProblem("stopStrategy.expression", error, at) };
  }
}

const specProblem = (field: string, error: unknown, at: number): CronProblem => ({
  type: "SpecError",
  at,
  message: `${field}: ${failureText(error)}`,
});

function withoutProblem(state: CronState): CronState {
  const { problem: _, ...rest } = state;
  return rest;
}

const isActive = (state: CronState, uid: string): boolean => state.active.some((run) => run.uid === uid);
const without = (runs: readonly ActiveRun[], uid: string): readonly ActiveRun[] =>
  runs.filter((run) => run.uid !== uid);

/** Finished runs that the history limits have no room for, the oldest first. A limit below 0 keeps all. */
export function surplus(state: CronState, definition: CronDefinition): readonly FinishedRun[] {
  const { keepSucceeded, keepFailed } = definition;
  const over = (runs: readonly FinishedRun[], keep: number) =>
    keep < 0 ? [] : runs.slice(0, Math.max(0, runs.length - keep));
  return [
    ...over(
      state.finished.filter(({ phase }) => phase === "Succeeded"),
      keepSucceeded,
    ),
    ...over(
      state.finished.filter(({ phase }) => phase !== "Succeeded"),
      keepFailed,
    ),
  ];
}
