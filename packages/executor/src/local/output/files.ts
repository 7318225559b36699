import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { progressIn, progressText, type StepRequest } from "@sluice/engine";
import { maxOutputBytes } from "../isolation/layout.ts";
import type { StepFolder } from "../step/step-folder.ts";

export interface StepOutputs {
  /** By parameter name, one newline at the end cut; undefined where there is no file. */
  readonly outputs: Readonly<Record<string, string | undefined>>;
  /** By parameter name: why a file that is there is not taken. */
  readonly unread: Readonly<Record<string, string>>;
}

/** How far the step says that it is, in the file of `Isolation.progressFile`. */
export function readProgress(path: string): string | undefined {
  const said = progressIn(readOwnFile(path, maxProgressBytes)?.toString("latin1") ?? "");
  return said === undefined ? undefined : progressText(said);
}

/** Of a file to which a step appends, its end is enough. */
const maxProgressBytes = 256;

/** Reads what the collect program has left of the output files. */
export function readOutputs(folder: StepFolder, wanted: StepRequest["outputPaths"]): StepOutputs {
  const outputs: Record<string, string | undefined> = {};
  const unread: Record<string, string> = {};
  for (const [index, { name, path }] of wanted.entries()) {
    const bytes = readOwnFile(join(folder.ground, "out", String(index)));
    if (bytes !== undefined && bytes.length > maxOutputBytes)
      unread[name] =
        `output parameter '${name}' has more than ${maxOutputBytes} B at ${path}, at most ${maxOutputBytes} B are taken`;
    else outputs[name] = bytes?.toString("utf8").replace(/\n$/, "");
  }
  return { outputs, unread };
}

/**
 * A file that the step could have replaced by anything: it is read only when it is a plain file, and never through a link.
 * Its beginning, or its last `endBytes`.
 */
function readOwnFile(path: string, endBytes?: number): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const buffer = Buffer.alloc(Math.min(stat.size, endBytes ?? maxOutputBytes + 1));
    const from = endBytes === undefined ? 0 : stat.size - buffer.length;
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, from));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
