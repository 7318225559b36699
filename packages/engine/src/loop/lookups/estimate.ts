import { messageOf } from "@sluice/base";
import type { Estimated } from "../../facts.ts";
import { labelsOf } from "../../project/workflow.ts";
import type { Run } from "../../run/state/run.ts";
import type { LoopDeps } from "../deps.ts";

/**
 * What is known of how long the run may take; undefined when nothing worth storing is. Never throws: the run goes on
 * meanwhile, and without it.
 */
export async function readEstimate(deps: LoopDeps, run: Run): Promise<Estimated | undefined> {
  if (run.estimate !== undefined || run.stage === "done") return undefined;
  try {
    const found = await deps.estimates?.estimate(run.key.namespace, labelsOf(run));
    if (found === undefined || found.seconds === 0) return undefined;
    const { seconds, nodes } = found;
    const at = deps.clock.now();
    return { type: "estimated", at, seconds, ...(Object.keys(nodes).length === 0 ? {} : { nodes }) };
  } catch (error) {
    deps.log.debug("how long a workflow may take is not known", {
      run: run.key.name,
      reason: messageOf(error),
    });
    return undefined;
  }
}
