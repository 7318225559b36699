import { type Clock, type Logger, messageOf } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { EventQueue } from "../../event-queue.ts";
import type { Isolation } from "../isolation/isolation.ts";
import type { StepFolder } from "../step/step-folder.ts";
import type { Probe } from "./probe.ts";
import { untilReady } from "./readiness.ts";

export interface ReadyDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly queue: EventQueue;
}

interface RunningDaemon {
  readonly step: StepRequest;
  readonly folder: StepFolder;
  readonly isolation: Isolation;
  readonly probes: readonly Probe[];
  /** Epoch ms. */
  readonly startedAt: number;
}

/** Tells that a daemon is ready, when it is (X6); nothing when `over` aborts before. Does not throw. */
export async function tellReady(
  { clock, log, queue }: ReadyDeps,
  { step, folder, isolation, probes, startedAt }: RunningDaemon,
  over: AbortSignal,
): Promise<void> {
  const claim = folder.claim();
  if (claim.kind !== "process") return;
  const { pid } = claim.process;
  const stepId = step.id;
  try {
    const address = await isolation.addressOf(folder);
    const isReady = await untilReady(
      probes,
      startedAt,
      {
        clock,
        address,
        exec: (command) => isolation.exec(folder, pid, command),
        processes: () => isolation.processesOf(folder, pid),
        say: (message) => queue.put({ type: "pending", stepId, at: clock.now(), message }),
      },
      over,
    );
    if (!isReady) return;
    queue.put({ type: "ready", stepId, at: clock.now(), ...(address === undefined ? {} : { ip: address }) });
  } catch (error) {
    log.error("a daemon's readiness cannot be seen", { step: stepId, cause: messageOf(error) });
  }
}
