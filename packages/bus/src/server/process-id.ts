// Which process a pid really is: a pid alone may have been given to another one.
import { readFile } from "node:fs/promises";

export interface ProcessId {
  readonly pid: number;
  /** When it started, in the kernel's own units; empty where the system does not tell. */
  readonly startTime: string;
}

/** The process that has this pid now, or undefined. A zombie counts as gone. */
export async function processOf(pid: number): Promise<ProcessId | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The command's name may hold spaces and brackets: fields are counted from the last ')'.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : { pid, startTime: fields[19] ?? "" };
  } catch {
    if (process.platform === "linux") return undefined;
  }
  try {
    process.kill(pid, 0);
    return { pid, startTime: "" };
  } catch (error) {
    return (error as { code?: string }).code === "EPERM" ? { pid, startTime: "" } : undefined;
  }
}

/** Whether exactly this process still runs. */
export async function isAlive(id: ProcessId): Promise<boolean> {
  const now = await processOf(id.pid);
  return now !== undefined && (id.startTime === "" || now.startTime === id.startTime);
}

/** Reads what `JSON.stringify(ProcessId)` wrote; undefined when it is something else. */
export function parseProcessId(text: string): ProcessId | undefined {
  try {
    const value = JSON.parse(text) as Partial<ProcessId> | null;
    if (!Number.isInteger(value?.pid) || Number(value?.pid) <= 1) return undefined;
    return { pid: Number(value?.pid), startTime: String(value?.startTime ?? "") };
  } catch {
    return undefined;
  }
}
