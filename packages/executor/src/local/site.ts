import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Clock, Random } from "@sluice/base";
import { prepareDeviceFolder } from "./isolation/sandbox/devices.ts";
import { writeShims } from "./isolation/shims.ts";

export interface SiteOptions {
  /** Folder of the local executor alone; made when missing. */
  readonly stateDir: string;
  /** Folder in memory for the step folders, where there is one (`memoryFolder`); default: they are in `stateDir`. */
  readonly memoryDir?: string;
  /** Further folders that a sandboxed step sees empty, such as the data folder with its credentials. */
  readonly hide?: readonly string[];
  /** Where steps and their tools find programs; default the usual system folders. */
  readonly path?: string;
  readonly clock: Clock;
}

/** The place on this machine where steps run: folders that exist, and what a step is shown of the host. */
export interface Site {
  readonly stateDir: string;
  readonly stepsDir: string;
  /** Sandboxes: of steps, and waiting for steps. */
  readonly boxesDir: string;
  /** Artifacts on their way to and from steps; always on disk. */
  readonly artifactsDir: string;
  /** What steps write in their sandboxes, by the box's name; always on disk. */
  readonly bulkDir: string;
  /** Persistent volume claims: folders that outlive steps; a run's own go with it. */
  readonly claimsDir: string;
  /** What is on its way out, of `stateDir`, and of the folders that may lie on another file system. */
  readonly trashDir: string;
  readonly stepTrashDir: string;
  /** Whether step folders are gone after a restart of the machine. */
  readonly isStepsInMemory: boolean;
  /** Stand-ins for programs that the host may lack. */
  readonly shimsDir: string;
  /** The ground of a sandbox's /dev. */
  readonly devDir: string;
  /** Host folders that a sandboxed step sees empty. */
  readonly hidden: readonly string[];
  readonly path: string;
  readonly clock: Clock;
}

const usualPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export function openSite(options: SiteOptions): Site {
  const stateDir = resolve(options.stateDir);
  const stepsHome = options.memoryDir ?? stateDir;
  const site: Site = {
    stateDir,
    stepsDir: join(stepsHome, "steps"),
    boxesDir: join(stepsHome, "boxes"),
    artifactsDir: join(stateDir, "artifacts"),
    bulkDir: stepsHome === stateDir ? join(stateDir, "boxes") : join(stateDir, "bulk"),
    trashDir: join(stateDir, "trash"),
    claimsDir: join(stateDir, "claims"),
    stepTrashDir: join(stepsHome, "trash"),
    isStepsInMemory: stepsHome !== stateDir,
    shimsDir: join(stateDir, "shims"),
    devDir: join(stateDir, "dev"),
    hidden: [...new Set([stateDir, stepsHome, ...(options.hide ?? []).map((folder) => resolve(folder))])],
    path: options.path ?? usualPath,
    clock: options.clock,
  };
  const { stepsDir, boxesDir, artifactsDir, bulkDir, trashDir, stepTrashDir } = site;
  for (const dir of [stepsDir, boxesDir, artifactsDir, bulkDir, trashDir, stepTrashDir])
    mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeShims(site.shimsDir);
  prepareDeviceFolder(site.devDir);
  return site;
}

/** Names the state folder for ever: processes that share it, now or one after another, are one site. */
export function siteIdOf(stateDir: string, random: Random): string {
  const path = join(stateDir, "site");
  try {
    writeFileSync(path, random.id().slice(0, 16), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  return readFileSync(path, "utf8");
}
