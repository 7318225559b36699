import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../step/whole-file.ts";
import { fstab } from "./fstab.ts";
import type { SandboxSpec } from "./spec.ts";
import { prepareTopFolders } from "./top-folders.ts";

/** Makes the parts of the step's folder that the mounts need. */
export function prepareSandboxFolder(spec: SandboxSpec): void {
  for (const part of ["root", "staging", "out"]) mkdirSync(join(spec.stepDir, part), { recursive: true });
  for (const part of ["upper", "work"]) mkdirSync(join(spec.bulkDir, part), { recursive: true });
  mkdirSync(join(spec.bulkDir, "artifacts", "out"), { recursive: true });
  mkdirSync(join(spec.bulkDir, "tmp"), { recursive: true, mode: 0o777 });
  if (spec.privileged) mkdirSync(join(spec.bulkDir, "upper", "argo"), { recursive: true });
  else prepareTopFolders(spec);
  writeWhole(join(spec.stepDir, "fstab"), fstab(spec));
}
