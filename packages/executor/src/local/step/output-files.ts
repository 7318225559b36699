import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import type { StepRequest } from "@sluice/engine";
import { maxOutputBytes } from "../isolation/layout.ts";
import type { StepFolder } from "./step-folder.ts";

export interface StepOutputs {
  /** By parameter name, one newline at the end cut; undefined where there is no file. */
  readonly outputs: Readonly<Record<string, string | undefined>>;
  /** By parameter name: why a file that is there is not taken. */
  readonly unread: Readonly<Record<string, string>>;
}

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

/** A file that the step could have replaced by anything: it is read only when it is a plain file, and never through a link. */
function readOwnFile(path: string): Buffer | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) return undefined;
    const buffer = Buffer.alloc(Math.min(stat.size, maxOutputBytes + 1));
    return buffer.subarray(0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
