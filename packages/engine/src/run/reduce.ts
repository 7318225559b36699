import type { Fact } from "../facts.ts";
import { failureText } from "../values/language.ts";
import { endUnit } from "./call.ts";
import { obey } from "./control/control.ts";
import { isStopping, markReady } from "./daemons/daemon.ts";
import { takeDefinitions } from "./definitions.ts";
import { answered } from "./gates/answers.ts";
import {
  cutStep,
  finishStep,
  markProgress,
  markRunning,
  overdueMessage,
  pendingMessage,
  takeStep,
} from "./kinds/leaf.ts";
import { retryDue } from "./kinds/retry.ts";
import { completeSuspend, failSuspend, missingOutput } from "./kinds/suspend.ts";
import { breakRun, expireRun, startRun } from "./lifecycle.ts";
import { settle } from "./settle.ts";
import { noChanges, type Run, type RunChanges } from "./state/run.ts";
import type { Timer } from "./state/timers.ts";

/**
 * Folds one fact into the run, to the fixpoint of what follows from it. Deterministic (R1). Facts of a run that is
 * over change nothing, but for a deletion.
 */
export function reduce(run: Run, fact: Fact): void {
  // Clocks of two engines may differ: time in a run never goes back.
  run.now = Math.max(run.now, fact.at);
  if (run.stage === "done") {
    if (fact.type === "delete" && !run.sealed) run.deleted = true;
    if (fact.type === "sealed") run.sealed = true;
    return;
  }
  try {
    apply(run, fact);
    settle(run);
  } catch (error) {
    // A bound of the run, or a fault of ours. Thrown on, it would stop every run of the process, at each replay anew.
    breakRun(run, failureText(error));
  }
}

function apply(run: Run, fact: Fact): void {
  switch (fact.type) {
    case "submitted":
    case "sealed":
      return;
    case "engine":
      moveSite(run, fact.site);
      if (fact.limited === true) run.isLimited = true;
      startRun(run);
      return;
    case "definitions":
      if (run.definitions !== "wanted") return;
      takeDefinitions(run, fact);
      startRun(run);
      return;
    case "estimated":
      run.estimate ??= { seconds: fact.seconds, nodes: fact.nodes ?? {} };
      return;
    case "started":
      markRunning(run, fact.step, fact.host);
      return;
    case "progress":
      markProgress(run, fact);
      return;
    case "ready":
      markReady(run, fact);
      return;
    case "finished":
      finishStep(run, fact);
      return;
    case "lost":
      failStep(run, fact.step, fact.reason);
      return;
    case "refused":
      failStep(run, fact.step, fact.message);
      return;
    case "locked":
    case "remembered":
    case "configured":
    case "denied":
      answered(run, fact);
      return;
    case "timer":
      for (
        let timer = run.timers.takeDue(run.now);
        timer !== undefined;
        timer = run.timers.takeDue(run.now)
      ) {
        ring(run, timer);
        settle(run);
      }
      return;
    case "stop":
    case "suspend":
    case "resume":
    case "set":
    case "label":
    case "delete":
      obey(run, fact);
      settle(run);
      // A stop makes waiting retries due: they end with it.
      if (run.shutdown !== undefined) apply(run, { type: "timer", at: fact.at });
      return;
  }
}

/** Steps of another site may run there: they are known as such, since here they could not be told from new ones. */
function moveSite(run: Run, site: string | undefined): void {
  if (site === undefined || site === run.site) return;
  if (run.site !== undefined) for (const stepId of run.steps.keys()) run.elsewhere.set(stepId, run.site);
  run.site = site;
}

function failStep(run: Run, stepId: string, message: string): void {
  const unit = takeStep(run, stepId);
  if (unit === undefined) return;
  endUnit(run, unit, isStopping(unit.call) ? { phase: "Succeeded" } : { phase: "Error", message });
}

function ring(run: Run, timer: Timer): void {
  switch (timer.kind) {
    case "run-deadline":
      expireRun(run);
      return;
    case "unit-timeout":
      cutStep(run, timer.unit, overdueMessage);
      return;
    case "pending-timeout":
      if (timer.unit.node?.phase === "Pending") cutStep(run, timer.unit, pendingMessage(timer.ms));
      return;
    case "retry":
      retryDue(run, timer.unit);
      return;
    case "suspend-over": {
      const missing = missingOutput(timer.unit);
      if (missing === undefined) completeSuspend(run, timer.unit, {});
      else
        failSuspend(
          run,
          timer.unit,
          "Failed",
          `raw output parameter '${missing}' has not been set and does not have a default value`,
        );
    }
  }
}

/** What the state asks of the world. `start` and `stop` are what is new since the last call; the rest is as it stands. */
export interface Effects extends RunChanges {
  /** When the next timer is due, epoch ms. */
  readonly nextTimerAt: number | undefined;
  readonly finished: boolean;
  /** The run waits for a `definitions` fact. */
  readonly wantsDefinitions: boolean;
}

/** Takes what is new to be done. After a restart, `run.steps` is all of it: starting is idempotent. */
export function decide(run: Run): Effects {
  const { start, stop, ended, ask, release, save } = run.changes;
  run.changes = noChanges();
  return {
    start: start.filter((id) => run.steps.has(id)),
    stop,
    ended,
    ask: ask.filter((id) => run.asks.has(id)),
    release,
    save,
    nextTimerAt: run.timers.nextAt,
    finished: run.stage === "done",
    wantsDefinitions: run.definitions === "wanted" && run.stage !== "done",
  };
}
