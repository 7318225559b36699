// What runs on this machine, read from /proc. Linux only, as the supervisor is; elsewhere everything reads as absent.
import { readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** A process that cannot be mistaken for a later one with the same number. */
export interface ProcessId {
  readonly bootId: string;
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/PID/stat. */
  readonly startTime: string;
}

let knownBootId: string | undefined;

export function bootId(): string {
  knownBootId ??= readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "none";
  return knownBootId;
}

/** Whether exactly this process is there and is no zombie. */
export function isAlive(process: ProcessId): boolean {
  const stat = readStat(process.pid);
  return (
    stat !== undefined && stat.startTime === process.startTime && stat.state !== "Z" && stat.state !== "X"
  );
}

/** Whether some process has this number. */
export const isRunning = (pid: number): boolean => readStat(pid) !== undefined;

/** The children of a process, oldest first. */
export function childrenOf(pid: number): readonly number[] {
  const listed = readText(`/proc/${pid}/task/${pid}/children`);
  const children =
    listed === undefined
      ? allPids().filter((other) => readStat(other)?.parent === pid)
      : listed.split(" ").filter(Boolean).map(Number);
  const startTime = (child: number) => Number(readStat(child)?.startTime ?? Number.POSITIVE_INFINITY);
  return children.toSorted((a, b) => startTime(a) - startTime(b) || a - b);
}

/** A process and all that descend from it, as far as they still belong to it. */
export const familyOf = (pid: number): readonly number[] => [pid, ...childrenOf(pid).flatMap(familyOf)];

/** Every process of the process namespace that this one is in. */
export function processesBeside(pid: number): readonly number[] {
  const namespace = namespaceOf(pid);
  return namespace === undefined ? [] : allPids().filter((other) => namespaceOf(other) === namespace);
}

function namespaceOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return undefined;
  }
}

/** The variables that a process was started with; none when it is gone. */
export function environmentOfProcess(pid: number): ReadonlyMap<string, string> {
  const entries = (readText(`/proc/${pid}/environ`) ?? "").split("\0").filter((entry) => entry.includes("="));
  return new Map(
    entries.map((entry) => {
      const equals = entry.indexOf("=");
      return [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}

/** The words that a process was started with; undefined when it is gone. */
export const commandLineOf = (pid: number): string | undefined => readText(`/proc/${pid}/cmdline`);

/**
 * Every process of a step: those that carry its id in the environment that they were started with, and those that write
 * into its output files, as its supervisor's own process does before the step's command is executed.
 */
export function stepProcesses({
  id,
  ground,
}: {
  readonly id: string;
  readonly ground: string;
}): readonly number[] {
  const mark = `SLUICE_STEP=${id}`;
  const outputs = new Set(["stdout", "stderr"].map((name) => join(realPath(ground), name)));
  return allPids().filter((pid) => {
    if (pid === process.pid) return false;
    if (readText(`/proc/${pid}/environ`)?.split("\0").includes(mark) === true) return true;
    return ["1", "2"].some((fd) => outputs.has(readLink(`/proc/${pid}/fd/${fd}`) ?? ""));
  });
}

/** Sends a signal; a process or group that is gone already is no error. Negative = the process group. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly startTime: string;
}

function readStat(pid: number): Stat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  // The name in parentheses may hold anything, also parentheses: the fields are counted from the last one.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  const [state, parent] = fields ?? [];
  const startTime = fields?.[19];
  if (state === undefined || parent === undefined || startTime === undefined) return undefined;
  return { state, parent: Number(parent), startTime };
}

function allPids(): readonly number[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return [];
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
