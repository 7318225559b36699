import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { StepRequest } from "@sluice/engine";
import { type EnvironmentPlaces, environmentOf } from "../isolation/layout.ts";
import { writeWhole } from "../step/whole-file.ts";
import type { PlannedCrew } from "./crew-plan.ts";
import { crewScript, type ScriptedMember } from "./crew-script.ts";

/** Where things are, on the host (`ground`) and as the step sees them. */
export interface CrewPlaces extends EnvironmentPlaces {
  readonly ground: string;
  readonly stagingDir: string;
  readonly outDir: string;
  /** Where a container without a working folder of its own starts. */
  readonly workingDir: string;
  /** A word of a command as it is in this isolation. */
  readonly own: (word: string) => string;
}

/** Writes the crew's program; returns how it is run. Values of variables stay out of it: they pass by environment. */
export function layCrew(
  step: StepRequest,
  crew: PlannedCrew,
  places: CrewPlaces,
): { readonly argv: readonly string[]; readonly env: ReadonlyMap<string, string> } {
  const env = new Map<string, string>([
    ["PATH", places.path],
    ["SLUICE_STEP", step.id],
  ]);
  const members = crew.members.map(({ plan, ...member }): ScriptedMember => {
    const variables = new Map<string, string>();
    for (const [name, value] of environmentOf(step, plan, places)) {
      const carrier = `SLUICE_CREW_${env.size}`;
      variables.set(name, carrier);
      env.set(carrier, value);
    }
    return {
      ...member,
      variables,
      argv: [...(plan.command ?? []), ...plan.args].map(places.own),
      workingDir: plan.workingDir ?? places.workingDir,
    };
  });
  for (const folder of ["staging", "out"]) mkdirSync(join(places.ground, folder), { recursive: true });
  const text = crewScript({
    ...crew,
    members,
    outDir: places.outDir,
    graceMs: Math.min(step.graceMs, 30_000),
  });
  writeWhole(join(places.ground, "staging", "crew"), text);
  return { argv: ["/bin/sh", `${places.stagingDir}/crew`], env };
}
