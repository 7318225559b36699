import { renameSync, writeFileSync } from "node:fs";

/**
 * Writes a file so that a reader sees the old one or the new one, never a part: a supervisor of an earlier process may
 * be reading the same programs just now.
 */
export function writeWhole(path: string, data: string | Uint8Array, mode = 0o600): void {
  const next = `${path}.${process.pid}.new`;
  writeFileSync(next, data, { mode });
  renameSync(next, path);
}
