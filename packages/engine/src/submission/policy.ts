// What the installation adds to every workflow that is asked for, and what it does not take. Pure.
import type { SubmitRun } from "@sluice/bus";
import type { RunDefaults, RunSubmitted } from "@sluice/spec";
import { EngineError } from "../errors.ts";

export interface SubmissionPolicy {
  readonly defaults?: RunDefaults;
  /**
   * Only workflows with a `workflowTemplateRef`, which may set few fields beside it. `Secure` also says that a template
   * that is changed does not change its runs: that is so in any case, since a run takes what it uses when it starts.
   */
  readonly templateReferencing?: "Strict" | "Secure";
  /** Further fields of the spec that may be set then. */
  readonly overridable?: readonly string[];
}

/** What a submission may set beside its template, as in Argo. Source: docs of workflow restrictions, 4.1. */
const overridable: ReadonlySet<string> = new Set([
  ...["arguments", "entrypoint", "shutdown", "suspend", "activeDeadlineSeconds", "priority"],
  ...["ttlStrategy", "podGC", "volumeClaimGC", "archiveLogs", "workflowMetadata", "workflowTemplateRef"],
  ...["metrics", "artifactGC"],
]);

/** Fields of an overridable one that would reach into pods all the same. */
const neverOf: Readonly<Record<string, readonly string[]>> = {
  artifactGC: ["podSpecPatch"],
};

/**
 * The submission with the defaults in it. Errors: ENGINE_REFERENCE_REQUIRED, ENGINE_FIELD_RESTRICTED where references
 * are demanded.
 */
export function admitted(policy: SubmissionPolicy | undefined, submitted: RunSubmitted): RunSubmitted {
  if (policy === undefined) return submitted;
  if (policy.templateReferencing !== undefined) requireReference(policy, submitted);
  return policy.defaults === undefined ? submitted : { ...submitted, defaults: policy.defaults };
}

/** The same for who submits to the bus itself. */
export const withPolicy =
  (submitRun: SubmitRun, policy: SubmissionPolicy): SubmitRun =>
  async (submitted) =>
    submitRun(admitted(policy, submitted));

function requireReference(
  { templateReferencing: mode = "Strict", overridable: more = [] }: SubmissionPolicy,
  { name, workflow: { spec } }: RunSubmitted,
): void {
  if (spec.workflowTemplateRef === undefined) throw EngineError.REFERENCE_REQUIRED({ name, mode });
  for (const [field, value] of Object.entries(spec)) {
    if (value === undefined || more.includes(field)) continue;
    const inner = Object.hasOwn(neverOf, field) ? neverOf[field] : undefined;
    const reaching = inner?.find((one) => typeof value === "object" && value !== null && one in value);
    if (overridable.has(field) && reaching === undefined) continue;
    const restricted = reaching === undefined ? field : `${field}.${reaching}`;
    throw EngineError.FIELD_RESTRICTED({ name, mode, field: restricted });
  }
}
