// The ground of /dev: empty files that devices are bound to.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { linkOnce } from "./link.ts";

export const devices = ["null", "zero", "full", "random", "urandom"];

/** The ground of /dev, once for all steps. */
export function prepareDeviceFolder(devDir: string): void {
  for (const dir of ["shm", "pts"]) mkdirSync(join(devDir, dir), { recursive: true });
  for (const device of devices) writeFileSync(join(devDir, device), "");
  const links = {
    fd: "/proc/self/fd",
    stdin: "/proc/self/fd/0",
    stdout: "/proc/self/fd/1",
    stderr: "/proc/self/fd/2",
  };
  for (const [name, target] of Object.entries(links)) linkOnce(target, join(devDir, name));
}
