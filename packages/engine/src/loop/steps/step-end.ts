// How a step ended: as executors tell it, and as the journal has it.
import type { StepEnd } from "../../executor/events.ts";
import type { StepFinished, StepLost, StepRefused } from "../../facts.ts";

/** `host`: where it ran, as far as it was told before its end. */
export function endFact(event: StepEnd, host: string | undefined): StepFinished | StepLost | StepRefused {
  const { at, stepId: step } = event;
  if (event.type === "lost") return { type: "lost", at, step, reason: event.reason };
  if (event.type === "refused")
    return { type: "refused", at, step, code: event.code, message: `${event.code}: ${event.message}` };
  return finishedFact(event, event.host ?? host);
}

function finishedFact(event: Extract<StepEnd, { type: "finished" }>, host: string | undefined): StepFinished {
  const outputs = Object.fromEntries(
    Object.entries(event.outputs).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  return {
    type: "finished",
    at: event.at,
    step: event.stepId,
    startedAt: event.startedAt,
    exitCode: event.exitCode,
    ...(Object.keys(outputs).length === 0 ? {} : { outputs }),
    ...(event.result === undefined ? {} : { result: event.result }),
    ...(event.progress === undefined ? {} : { progress: event.progress }),
    ...(event.unread === undefined ? {} : { unread: event.unread }),
    ...(event.artifacts === undefined ? {} : { artifacts: event.artifacts }),
    ...(event.unsaved === undefined ? {} : { unsaved: event.unsaved }),
    ...(event.error === true ? { error: true } : {}),
    ...(event.containers === undefined ? {} : { containers: event.containers }),
    ...(event.deadline === true ? { deadline: true } : {}),
    ...(event.message === undefined ? {} : { message: event.message }),
    ...(host === undefined ? {} : { host }),
  };
}

/** A step that was told to end before it began. */
export const cancelledEnd = (stepId: string, at: number): StepEnd => ({
  type: "finished",
  stepId,
  at,
  startedAt: at,
  exitCode: 143,
  outputs: {},
  message: "stopped before it started",
});
