// What a step's folder holds whatever its isolation: script, volumes, the enter and collect programs.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { StepRequest } from "@sluice/engine";
import { collectScript, enterScript } from "../step/shell-scripts.ts";
import type { StepFolder } from "../step/step-folder.ts";
import type { StepPlan } from "../step/step-plan.ts";
import { writeWhole } from "../step/whole-file.ts";
import type { BindMount } from "./sandbox.ts";

/** The largest file that becomes an output parameter; one byte more is read to see that it is larger. */
export const maxOutputBytes = 256 * 1_024;

export interface LayoutOptions {
  readonly argv: readonly string[];
  readonly workingDir: string;
  /** As the step sees it. */
  readonly outDir: string;
  readonly path: string;
  readonly tmpDir: string;
}

/** Writes the programs; gives the variables that carry the step's values to them. */
export function layPrograms(
  folder: StepFolder,
  step: StepRequest,
  plan: StepPlan,
  options: LayoutOptions,
): Record<string, string> {
  const env = new Map<string, string>([
    ["PATH", options.path],
    ["HOME", options.tmpDir],
    ["TMPDIR", options.tmpDir],
    ["LANG", "C.UTF-8"],
    ["HOSTNAME", hostName(step.id)],
    ...plan.env,
  ]);
  const names = [...env.keys()];
  const variables = new Map(names.map((name, index) => [name, `SLUICE_ENV_${index}`]));
  mkdirSync(folder.file("staging"), { recursive: true });
  mkdirSync(folder.file("out"), { recursive: true });
  writeWhole(
    folder.file("staging", "enter"),
    enterScript({ workingDir: options.workingDir, variables, argv: options.argv }),
  );
  if (step.outputPaths.length > 0) {
    const paths = step.outputPaths.map(({ path }) => path);
    writeWhole(folder.file("staging", "collect"), collectScript(paths, options.outDir, maxOutputBytes + 1));
  }
  return Object.fromEntries([...variables].map(([name, carrier]) => [carrier, env.get(name) ?? ""]));
}

export function layScript(folder: StepFolder, plan: StepPlan): void {
  if (plan.script === undefined) return;
  mkdirSync(folder.file("staging"), { recursive: true });
  writeWhole(folder.file("staging", "script"), plan.script, 0o755);
}

/** Fills the step's volumes; each stays in the step's folder and goes with it. */
export function layVolumes(folder: StepFolder, plan: StepPlan): readonly BindMount[] {
  return plan.volumes.map(({ name, mountPath, subPath, readOnly, files }) => {
    const root = folder.file("volumes", name);
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
