// The folders of `/`, where one overlay over all of it is not allowed: a user namespace's mounts are locked.
import { lstatSync, mkdirSync, readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { isLink } from "./host.ts";
import { linkOnce } from "./link.ts";
import type { SandboxSpec } from "./spec.ts";

/** Folders that a step has of its own. */
export const ownTopFolders = new Set(["proc", "sys", "dev", "run", "tmp", "lost+found", "argo"]);
/** Where a running machine mounts and unmounts at any time: empty in a user namespace, which could not overlay them. */
export const changingTopFolders = new Set(["var", "mnt", "media", "srv", "boot"]);

/** Those that get an overlay each. */
export function topFolders(): readonly string[] {
  return readdirSync("/").filter(
    (name) =>
      !ownTopFolders.has(name) && !changingTopFolders.has(name) && lstatSync(`/${name}`).isDirectory(),
  );
}

/** Makes the places of all of them in the new root, and the layers of those with an overlay. */
export function prepareTopFolders({ stepDir, bulkDir }: Pick<SandboxSpec, "stepDir" | "bulkDir">): void {
  for (const name of [...ownTopFolders, ...changingTopFolders, "var/lib", "var/tmp"])
    mkdirSync(join(stepDir, "root", name), { recursive: true });
  for (const name of topFolders()) {
    mkdirSync(join(stepDir, "root", name), { recursive: true });
    for (const layer of ["upper", "work"]) mkdirSync(join(bulkDir, layer, name), { recursive: true });
  }
  for (const name of [...readdirSync("/"), "var/run", "var/lock"]) {
    if (isLink(`/${name}`)) linkOnce(readlinkSync(`/${name}`), join(stepDir, "root", name));
  }
}
