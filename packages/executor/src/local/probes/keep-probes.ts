import { type Clock, type Logger, messageOf } from "@sluice/base";
import type { StepRequest } from "@sluice/engine";
import type { EventQueue } from "../../event-queue.ts";
import type { Isolation } from "../isolation/isolation.ts";
import type { StepFolder } from "../step/step-folder.ts";
import { type ContainerProbes, type ProbeFailure, watchProbes } from "./watch.ts";

export interface ProbeDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly queue: EventQueue;
}

interface RunningStep {
  readonly step: StepRequest;
  readonly folder: StepFolder;
  readonly isolation: Isolation;
  readonly probes: readonly ContainerProbes[];
  /** Epoch ms. */
  readonly startedAt: number;
}

/** Tells that a daemon is ready, when it is (X6). Resolves as `watchProbes` does. Does not throw. */
export async function keepProbes(
  { clock, log, queue }: ProbeDeps,
  { step, folder, isolation, probes, startedAt }: RunningStep,
  over: AbortSignal,
): Promise<ProbeFailure | undefined> {
  const claim = folder.claim();
  const isDaemon = step.daemon === true;
  if (claim.kind !== "process" || (!isDaemon && probes.length === 0)) return undefined;
  const { pid } = claim.process;
  const stepId = step.id;
  try {
    const address = await isolation.addressOf(folder);
    const ip = address === undefined ? {} : { ip: address };
    const ground = {
      ...{ clock, address },
      exec: (command: Parameters<Isolation["exec"]>[2]) => isolation.exec(folder, pid, command),
      processes: () => isolation.processesOf(folder, pid),
      say: (message: string) => queue.put({ type: "pending", stepId, at: clock.now(), message }),
    };
    const ready = () => {
      if (isDaemon) queue.put({ type: "ready", stepId, at: clock.now(), ...ip });
    };
    return await watchProbes({ probes, startedAt, ground, ready }, over);
  } catch (error) {
    log.error("a step's probes cannot be asked", { step: stepId, cause: messageOf(error) });
    return undefined;
  }
}
