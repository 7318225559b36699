// A folder in memory for what steps write beside their work: to make a file there costs microseconds, while on a disk
// it waits for the journal that the bus's own syncs keep busy.
// Invariant: the choice stays while steps are on either side, or a new process would not find those that run (X1).
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { join } from "node:path";

/** Less free memory than this is left alone. */
const minFreeBytes = 512 * 1_024 * 1_024;
const place = "/dev/shm";

/**
 * The folder `name` in this machine's shared memory, ours alone; undefined where there is none that can be used
 * (no tmpfs, little room, or a folder of that name that another user has made), or `stateDir` has steps already.
 */
export function memoryFolder(name: string, stateDir: string): string | undefined {
  try {
    if (hasSteps(stateDir) || !isUsable(readFileSync("/proc/self/mounts", "utf8"))) return undefined;
    const folder = join(place, name);
    const { bavail, bsize } = statfsSync(place);
    // One that is there may hold steps that run: it is used whatever room is left.
    if (!existsSync(folder) && bavail * bsize < minFreeBytes) return undefined;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const stat = lstatSync(folder);
    const isOurs = stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & 0o077) === 0;
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}

function hasSteps(stateDir: string): boolean {
  const steps = join(stateDir, "steps");
  return existsSync(steps) && readdirSync(steps).length > 0;
}

/** Whether the table of mounts has shared memory in which programs can be started. */
export function isUsable(mounts: string): boolean {
  const line = mounts.split("\n").findLast((row) => row.split(" ")[1] === place);
  const [, , type = "", options = ""] = line?.split(" ") ?? [];
  const flags = options.split(",");
  return type === "tmpfs" && flags.includes("rw") && !flags.includes("noexec");
}
