import type { Clock, Logger, Random } from "@sluice/base";
import type { KubeClient } from "@sluice/kube";
import type { EventQueue } from "../event-queue.ts";

export interface StepDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly queue: EventQueue;
  readonly stuckAfterMs: number;
}
