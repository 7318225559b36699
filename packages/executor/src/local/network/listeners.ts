// Whose port it is. Steps share this machine's network: what answers at a port may be another daemon, or a server of the
// machine's own, while the step is about to fail because the port is taken.
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Whether others listen at the port, and none of these processes. False where that cannot be seen. */
export function isTakenByOthers(port: number, pids: readonly number[]): boolean {
  const listeners = listenersAt(port);
  if (listeners.size === 0 || pids.length === 0) return false;
  const own = pids.map(socketsOf);
  if (own.every((sockets) => sockets === undefined)) return false;
  return !own.some((sockets) => sockets?.some((inode) => listeners.has(inode)) === true);
}

/** Inodes of the sockets that listen at the port, on this machine's network. */
export function listenersAt(port: number): ReadonlySet<string> {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const found = new Set<string>();
  for (const table of ["tcp", "tcp6"])
    for (const line of readLines(`/proc/net/${table}`)) {
      const fields = line.trim().split(/\s+/);
      // local_address, st (0A = LISTEN), inode: columns 1, 3 and 9 of proc(5).
      if (fields[3] === "0A" && fields[1]?.endsWith(`:${wanted}`) === true && fields[9] !== undefined)
        found.add(fields[9]);
    }
  return found;
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(1);
  } catch {
    return [];
  }
}

/** Undefined when the process is gone, or may not be looked at. */
function socketsOf(pid: number): readonly string[] | undefined {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`${folder}/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  } catch {
    return undefined;
  }
}
