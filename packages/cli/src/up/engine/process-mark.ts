// A name of this process that other processes of the machine can look up.
import { readFileSync, readlinkSync } from "node:fs";

/**
 * "<boot id> <pid namespace> <pid> <start time>"; undefined where the system does not tell. The namespace is in it
 * since containers of one machine give the same numbers to different processes.
 */
export function processMark(pid = process.pid): string | undefined {
  const startTime = startTimeOf(pid);
  const place = machinePlace();
  return startTime === undefined || place === undefined ? undefined : `${place} ${pid} ${startTime}`;
}

/** Whether the process of that mark ran here and is gone. False for another machine, or when in doubt. */
export function isProcessGone(mark: string): boolean {
  const [boot, namespace, pid, startTime] = mark.split(" ");
  if (startTime === undefined || `${boot} ${namespace}` !== machinePlace()) return false;
  return startTimeOf(Number(pid)) !== startTime;
}

function machinePlace(): string | undefined {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot} ${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return undefined;
  }
}

/** Undefined for a zombie too. The command's name may hold brackets: fields are counted from the last one. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
