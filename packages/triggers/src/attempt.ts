import type { Trail } from "@sluice/bus";
import type { TriggerRequest } from "@sluice/spec";

/**
 * The number of the attempt that comes next: 1 + the failed ones on record since the request was last given up or
 * redriven. Deliveries are not counted, since a crash or a full lane delivers again without an attempt having failed.
 */
export async function attemptOf(trail: Trail, request: TriggerRequest): Promise<number> {
  const [cause] = request.causes;
  if (cause === undefined) return 1;
  let failed = 0;
  for (const record of await trail.of(cause)) {
    if (record.type !== "trigger" || record.request !== request.id) continue;
    if (record.outcome === "retrying") failed = Math.max(failed, record.attempt);
    else if (record.outcome === "dead" || record.outcome === "redriven") failed = 0;
  }
  return failed + 1;
}
