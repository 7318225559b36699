import { claimOwnerOf } from "../executor/request.ts";
import type { Run } from "../run/state/run.ts";
import { stepRunOf } from "../template/request.ts";

export const hasOwnClaims = (run: Run): boolean => (run.spec.volumeClaimTemplates ?? []).length > 0;

/**
 * Whose claims stay of a run that is over, as `volumeClaimGC` says: by default those of one that failed, to be looked at.
 * Undefined = none.
 */
export function keptClaimsOf(run: Run): string | undefined {
  const isKept = run.phase !== "Succeeded" && run.spec.volumeClaimGC?.["strategy"] !== "OnWorkflowCompletion";
  return hasOwnClaims(run) && isKept ? claimOwnerOf(stepRunOf(run)) : undefined;
}
