// What a step's folder holds whatever its isolation: script, volumes, the enter and collect programs.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { progressVariable, type StepRequest } from "@sluice/engine";
import { collectScript, packScript } from "../step/shell-scripts.ts";
import type { StepFolder } from "../step/step-folder.ts";
import type { StepPlan } from "../step/step-plan.ts";
import { writeWhole } from "../step/whole-file.ts";
import type { BindMount } from "./sandbox/spec.ts";

/** The largest file that becomes an output parameter; one byte more is read to see that it is larger. */
export const maxOutputBytes = 256 * 1_024;

/** What a step's variables say of its place, as the step sees it. */
export interface EnvironmentPlaces {
  readonly path: string;
  readonly tmpDir: string;
  readonly progressFile: string;
}

/** The variables of a step: a small environment of its own, with what its template gives it. */
export function environmentOf(
  step: StepRequest,
  plan: StepPlan,
  { path, tmpDir, progressFile }: EnvironmentPlaces,
): ReadonlyMap<string, string> {
  return new Map([
    ["PATH", path],
    ["HOME", tmpDir],
    ["TMPDIR", tmpDir],
    ["LANG", "C.UTF-8"],
    ["HOSTNAME", hostName(step.id)],
    ...plan.env,
    // As in Argo, whatever the template says of it.
    [progressVariable, progressFile],
  ]);
}

export interface CollectPlaces {
  /** The step's ground, where the program is kept. */
  readonly ground: string;
  /** Where output files and artifacts go, as whoever runs the program sees it. */
  readonly outDir: string;
  readonly artifactsOutDir: string;
}

/** Writes the collect program when the step has outputs. */
export function layCollect(step: StepRequest, plan: StepPlan, places: CollectPlaces): void {
  const { ground, outDir, artifactsOutDir } = places;
  const artifacts = (step.artifacts?.outputs ?? []).map(({ path }) => path);
  if (step.outputPaths.length + artifacts.length === 0) return;
  const paths = step.outputPaths.map(({ path }) => path);
  mkdirSync(join(ground, "out"), { recursive: true });
  mkdirSync(join(ground, "staging"), { recursive: true });
  writeWhole(
    join(ground, "staging", "collect"),
    collectScript(paths, outDir, maxOutputBytes + 1) +
      packScript(artifacts, artifactsOutDir, plan.maxArtifactBytes + 1),
  );
}

export function layScript(ground: string, plan: StepPlan): void {
  if (plan.script === undefined) return;
  mkdirSync(join(ground, "staging"), { recursive: true });
  writeWhole(join(ground, "staging", "script"), plan.script, 0o755);
}

/** Fills the step's volumes; but for those of claims, each stays in the step's folder and goes with it. */
export function layVolumes(folder: StepFolder, plan: StepPlan): readonly BindMount[] {
  return plan.volumes.map(({ name, mountPath, subPath, readOnly, files, source: kept }) => {
    const root = kept ?? folder.file("volumes", name);
    const source = join(root, subPath);
    mkdirSync(files.size > 0 ? root : source, { recursive: true });
    for (const [path, bytes] of files) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeWhole(join(root, path), bytes);
    }
    return { source, target: mountPath, readOnly };
  });
}

/** A host name has at most 63 characters and no dots. */
export const hostName = (stepId: string): string => stepId.replaceAll(".", "-").slice(-63).replace(/^-+/, "");
