import type { Clock, Failpoints, Logger, Random, Scope } from "@sluice/base";
import type { Config } from "../config/config.ts";

export interface StartOptions {
  readonly config: Config;
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly failpoints: Failpoints;
  /** Owns everything that is started. */
  readonly scope: Scope;
}
