// The word for a step whose program is nowhere: its shell says so in the last line of stderr, and ends with 127.
import { readResult } from "../output/lines.ts";
import { notFoundLine } from "./shell-scripts.ts";

const [before = "", after = ""] = notFoundLine("\n").split("\n");

/** A message for the node, in Argo's words, where the step's own program was not found; else nothing. */
export function notFoundMessage(exitCode: number, stderrFile: string): { readonly message?: string } {
  if (exitCode !== 127) return {};
  const line = readResult(stderrFile).split("\n").at(-1) ?? "";
  if (!line.startsWith(before) || !line.endsWith(after) || line.length > 500) return {};
  return { message: `main: Error (exit code ${exitCode}): ${line}` };
}
