import type { Artifact, Parameter } from "@sluice/spec";
import type { StepRequest } from "../../executor/request.ts";

/** What the shell needs to have the unit's step run. */
export interface Step {
  readonly request: Omit<StepRequest, "deadlineAt">;
  /** Epoch ms: the template's `timeout`, from the node's creation. */
  readonly timeoutAt?: number;
  /** `pendingTimeout`, ms, and when it is over, epoch ms: a step that does not run by then is ended. */
  readonly pending?: { readonly ms: number; readonly until: number };
  /** `activeDeadlineSeconds`, counted from the real start, ms. */
  readonly activeMs?: number;
  /** The template's output parameters, with all tags replaced. */
  readonly outputParameters?: readonly Parameter[];
  /** The template's output artifacts, with all tags replaced. */
  readonly outputArtifacts?: readonly Artifact[];
}
