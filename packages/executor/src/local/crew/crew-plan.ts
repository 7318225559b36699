import type { StepRequest } from "@sluice/engine";
import { LocalError } from "../../errors.ts";
import { type PlannedVolume, type PlanOptions, planContainer, type StepPlan } from "../step/step-plan.ts";
import { type Crew, crewOf, type Member } from "./crew.ts";
import { isMain } from "./crew-script.ts";

export interface PlannedMember extends Member {
  readonly plan: StepPlan;
}

export interface PlannedCrew extends Crew {
  readonly members: readonly PlannedMember[];
}

export type WholePlan = StepPlan & { readonly crew?: PlannedCrew };

/** A whole step: one container, or the main one of several with all of them in `crew`. Errors: those of planContainer. */
export async function planStep(
  step: StepRequest,
  options: Pick<PlanOptions, "references" | "isolation" | "claimsDir">,
): Promise<WholePlan> {
  const { isolation } = options;
  const crew = crewOf(step);
  if (crew === undefined) return planContainer(step, options);
  if (isolation === "podman" || isolation === "docker")
    throw LocalError.FIELD_UNSUPPORTED({
      field: step.work.kind === "containerSet" ? "containerSet" : "sidecars and initContainers",
      reason: `several containers in one step run with the isolation namespaces or process, not with ${isolation}`,
    });
  const members: PlannedMember[] = [];
  for (const member of crew.members)
    members.push({
      ...member,
      plan: await planContainer(step, { ...options, container: member.container }),
    });
  const plans = members.map(({ plan }) => plan);
  const main = members.find(isMain)?.plan ?? plans[0];
  if (main === undefined)
    throw LocalError.FIELD_UNSUPPORTED({ field: "containers", reason: "there is none" });
  return { ...main, volumes: mounted(plans.flatMap(({ volumes }) => volumes)), crew: { ...crew, members } };
}

/** All containers of a step see the same files, so one place can hold only one volume. */
function mounted(volumes: readonly PlannedVolume[]): readonly PlannedVolume[] {
  const byPlace = new Map<string, PlannedVolume>();
  for (const volume of volumes) {
    const there = byPlace.get(volume.mountPath);
    if (there !== undefined && (there.name !== volume.name || there.subPath !== volume.subPath))
      throw LocalError.FIELD_UNSUPPORTED({
        field: "volumeMounts",
        reason: `containers of one step mount '${there.name}' and '${volume.name}' at ${volume.mountPath}, and see the same files here`,
      });
    // Writable for one is writable for all.
    byPlace.set(volume.mountPath, { ...volume, readOnly: volume.readOnly && (there?.readOnly ?? true) });
  }
  return [...byPlace.values()];
}
