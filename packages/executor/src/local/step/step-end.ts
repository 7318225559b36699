// The end of a step, told to the engine once, and last of all (R2 in step-runner.ts).
import { join } from "node:path";
import { type Clock, isAppError, type Logger, messageOf, sleepFor } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import { LocalError } from "../../errors.ts";
import type { EventQueue } from "../../event-queue.ts";
import { type PorterDeps, persisting } from "../artifact-porter.ts";
import type { Crew } from "../crew/crew.ts";
import { readCrewEnd } from "../crew/crew-end.ts";
import type { Isolation } from "../isolation/isolation.ts";
import { readOutputs, readProgress } from "../output/files.ts";
import { readResult } from "../output/lines.ts";
import { notFoundMessage } from "./not-found.ts";
import { stepProcesses } from "./process-table.ts";
import type { ExitRecord, StepFolder } from "./step-folder.ts";
import { signalExitCode } from "./step-stop.ts";

export type Ending =
  /** Its supervisor has written how. */
  | { readonly kind: "exited"; readonly exit: ExitRecord }
  /** It did not begin. */
  | { readonly kind: "failed"; readonly reason: string }
  /** Its supervisor is gone, and wrote nothing. */
  | { readonly kind: "vanished" };

export interface EndDeps extends PorterDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly queue: EventQueue;
  /** This machine's name: where its steps are said to run. */
  readonly host: string;
}

export interface EndedStep {
  readonly step: StepRequest;
  readonly folder: StepFolder;
  readonly isolation: Isolation;
  readonly crew: Crew | undefined;
}

/** Nothing of the step is left on this machine but its files when it is told. */
export async function tellEnd(deps: EndDeps, ended: EndedStep, ending: Ending): Promise<void> {
  const { queue, clock } = deps;
  const { step, folder, isolation } = ended;
  switch (ending.kind) {
    case "exited":
      await isolation.clear(folder);
      return tellExit(deps, ended, ending.exit);
    case "failed":
      return tellRefusal(
        deps,
        ended,
        LocalError.SANDBOX_FAILED({ isolation: isolation.name, reason: ending.reason }),
      );
    case "vanished":
      await killRest(deps, ended);
      await isolation.clear(folder);
      if (folder.stop() !== undefined) {
        folder.writeExit(signalExitCode.kill);
        const exit = folder.exit();
        if (exit !== undefined) return tellExit(deps, ended, exit);
      }
      return queue.put({
        type: "lost",
        stepId: step.id,
        at: clock.now(),
        reason:
          "its processes are gone and left no exit code (killed from outside, or the machine restarted)",
      });
  }
}

/** R3. A killed process needs a moment to go; what forks faster than it is killed is tried again. */
async function killRest(
  { clock, log, signal }: EndDeps,
  { step, folder, isolation }: EndedStep,
): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    await isolation.kill(folder, undefined);
    if (stepProcesses(folder).length === 0) return;
    await sleepFor(clock, 20, signal);
  }
  log.error("processes of a lost step cannot be killed", { step: step.id });
}

async function tellExit(
  deps: EndDeps,
  { step, folder, isolation, crew }: EndedStep,
  exit: ExitRecord,
): Promise<void> {
  const saved = await persisting(deps, step.id, "output artifacts cannot be saved", (porter) =>
    porter.save(step, folder),
  );
  const { outputs, unread } = readOutputs(folder, step.outputPaths);
  const progress = readProgress(isolation.progressFile(folder));
  const unhealthy = unhealthyEnd(folder, exit);
  const isDeadline = folder.stop()?.deadline === true;
  const crewEnd = crew === undefined ? {} : readCrewEnd(crew, join(folder.ground, "out"));
  deps.queue.put({
    type: "finished",
    stepId: step.id,
    at: exit.at,
    startedAt: exit.startedAt,
    host: deps.host,
    exitCode: exit.exitCode,
    outputs,
    ...(step.captureResult ? { result: readResult(join(folder.ground, "stdout")) } : {}),
    ...notFoundMessage(exit.exitCode, join(folder.ground, "stderr")),
    ...crewEnd,
    ...unhealthy,
    ...(progress === undefined ? {} : { progress }),
    ...(isDeadline ? { deadline: true } : {}),
    ...(Object.keys(unread).length > 0 ? { unread } : {}),
    ...(Object.keys(saved.artifacts).length > 0 ? { artifacts: saved.artifacts } : {}),
    ...(Object.keys(saved.unsaved).length > 0 ? { unsaved: saved.unsaved } : {}),
  });
  isolation.rest();
}

/** A step that its probes ended was killed, whatever it answered to SIGTERM; one that had ended by itself just then was not. */
function unhealthyEnd(
  folder: StepFolder,
  exit: ExitRecord,
): { readonly exitCode?: number; readonly message?: string } {
  const unhealthy = folder.stop()?.unhealthy;
  if (unhealthy === undefined || (exit.exitCode === 0 && exit.at < unhealthy.at)) return {};
  return { exitCode: signalExitCode.kill, message: unhealthy.message };
}

/** Tells that the step can never start, and remembers it. */
export function tellRefusal(
  { clock, log, queue }: EndDeps,
  { step, folder, isolation }: EndedStep,
  error: unknown,
): void {
  if (!isAppError(error)) log.error("step could not be prepared", { step: step.id, cause: messageOf(error) });
  const { code, message, hint } = isAppError(error)
    ? error
    : LocalError.SANDBOX_FAILED({ isolation: isolation.name, reason: messageOf(error) }, error);
  const event = {
    type: "refused",
    stepId: step.id,
    at: clock.now(),
    code,
    message,
    hint,
  } as const;
  try {
    folder.writeWhole("refused.json", JSON.stringify(event));
  } catch (cause) {
    // Told all the same; after a restart it is tried again, and refused again.
    log.error("a refusal could not be stored", { step: step.id, cause: messageOf(cause) });
  }
  queue.put(event);
}
