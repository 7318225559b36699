import { symlinkSync } from "node:fs";

/** A symbolic link, unless something is there already. */
export function linkOnce(target: string, path: string): void {
  try {
    symlinkSync(target, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
