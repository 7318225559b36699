// What a run passes before it begins: a place among the runs of its namespace, one among all, then its own locks.
// Places come before locks, so that who has a lock never waits for a place that someone has who waits for the lock.
import { globalsOf } from "../../values/globals.ts";
import { failureText } from "../../values/language.ts";
import { Scope } from "../../values/scope.ts";
import { beginRun, endRun } from "../lifecycle.ts";
import { type LockWish, placeAsks, runAsk } from "../state/asks.ts";
import type { Run } from "../state/run.ts";
import { putAsk } from "./books.ts";
import { lockWishes, waitingMessage } from "./locks.ts";

const lockFailed = "Failed to acquire the synchronization lock. ";
const postponed = "Workflow processing has been postponed because too many workflows are already running";

/** Whether the run waits for something before it begins. */
export const isAwaiting = (run: Run): boolean =>
  run.asks.has(runAsk) || placeAsks.some((id) => run.asks.has(id));

/** Asks for the next thing that the run has not got yet; begins it when there is none. */
export function admitRun(run: Run): void {
  const place = run.isLimited ? placeAsks.find((id) => !run.locks.has(id)) : undefined;
  if (run.shutdown !== undefined) beginRun(run);
  else if (place === undefined) askRunLocks(run);
  else {
    run.message = postponed;
    putAsk(run, { kind: "locks", id: place, locks: [placeOf(run, place)] });
  }
}

function placeOf(run: Run, ask: (typeof placeAsks)[number]): LockWish {
  const namespace = ask === "/place" ? "" : run.key.namespace;
  return { key: `${namespace}/Parallelism`, kind: "place", namespace, name: "runs" };
}

function askRunLocks(run: Run): void {
  let locks: readonly LockWish[];
  try {
    locks = lockWishes(run.spec.synchronization, run.key.namespace, new Scope(run.now, globalsOf(run)));
  } catch (error) {
    endUnadmitted(run, `${lockFailed}${failureText(error)}`);
    return;
  }
  if (locks.length === 0 || run.locks.has(runAsk)) {
    beginRun(run);
    return;
  }
  run.message = waitingMessage(locks);
  putAsk(run, { kind: "locks", id: runAsk, locks });
}

/** What the run asked for came, or cannot be had. */
export function runAnswered(run: Run, denied?: string): void {
  delete run.message;
  if (denied === undefined) admitRun(run);
  else endUnadmitted(run, `${lockFailed}${denied}`);
}

/** Ends a run that did not begin. */
export function endUnadmitted(run: Run, message: string): void {
  endRun(run, "Failed", message);
}
