// The agent beside the executor: steps that need no process of their own.
import type { Clock, Logger, OutboundPolicy, Random, Scope } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { Executor, RunDirectory } from "@sluice/engine";
import type { KubeClient, References } from "@sluice/kube";
import type { Config } from "../config/config.ts";

export interface AgentDeps {
  readonly config: Config;
  readonly references: References;
  readonly artifacts: ArtifactStore;
  readonly runs: RunDirectory;
  /** Undefined where no cluster is named. */
  readonly client: KubeClient | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly scope: Scope;
}

/** Where requests that manifests ask for may go. */
export const outboundPolicyOf = ({ httpAllow, httpPrivate }: Config): OutboundPolicy => ({
  allowPrivate: httpPrivate === "allow",
  allowAddresses: httpAllow === undefined ? [] : httpAllow.split(",").map((row) => row.trim()),
});

/** The executor with the agent beside it; both end with the scope. */
export async function addAgent(executor: Executor, deps: AgentDeps): Promise<Executor> {
  const { makeAgent, makeDataWork, makeHttpWork, makeResourceWork, withAgent } = await import(
    "@sluice/executor"
  );
  const { config, references, artifacts, runs, client, clock, random, log, scope } = deps;
  const agent = scope.use(
    makeAgent({
      works: [
        makeHttpWork({ references, policy: outboundPolicyOf(config) }),
        makeDataWork(artifacts),
        makeResourceWork({ client, runs, artifacts }),
      ],
      clock,
      random,
      log: log.child({ executor: "agent" }),
    }),
  );
  return withAgent(executor, agent);
}
