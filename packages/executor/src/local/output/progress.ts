import { type Clock, sleepFor } from "@sluice/base";
import { progressTickMs, type StepRequest } from "@sluice/engine";
import type { EventQueue } from "../../event-queue.ts";
import type { Isolation } from "../isolation/isolation.ts";
import type { StepFolder } from "../step/step-folder.ts";
import { readProgress } from "./files.ts";

interface RunningStep {
  readonly step: StepRequest;
  readonly folder: StepFolder;
  readonly isolation: Isolation;
}

/** Tells how far a running step is by its own word (X7), at once and when it says something new; until `over` aborts. */
export async function tellProgress(
  { clock, queue }: { readonly clock: Clock; readonly queue: EventQueue },
  { step, folder, isolation }: RunningStep,
  over: AbortSignal,
): Promise<void> {
  let told: string | undefined;
  while (!over.aborted) {
    const progress = readProgress(isolation.progressFile(folder));
    if (progress !== undefined && progress !== told) {
      told = progress;
      queue.put({ type: "progress", stepId: step.id, at: clock.now(), progress });
    }
    await sleepFor(clock, progressTickMs, over);
  }
}
