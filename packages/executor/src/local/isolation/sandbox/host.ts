// What the host looks like: which file systems it has where, and where its names lead.
import { existsSync, lstatSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/**
 * Where `path` truly is on the host, whose tree is the lower layer: mounts are made from outside the new root, so a
 * symbolic link on the way would be followed on the host.
 */
export function realPlace(path: string): string {
  const rest: string[] = [];
  for (let known = posix.normalize(path); ; known = dirname(known)) {
    try {
      return join(realpathSync(known), ...rest);
    } catch {
      if (known === "/") return path;
      rest.unshift(known.slice(known.lastIndexOf("/") + 1));
    }
  }
}

const realFileSystems = /^(ext[234]|xfs|btrfs|zfs|f2fs|overlay|nfs4?|9p|virtiofs|bcachefs)$/;
const notShown = /^\/(proc|sys|dev|run|tmp|argo|boot|var\/lib\/(docker|containers|containerd|kubelet))(\/|$)/;

/** File systems mounted below `/`: an overlay does not show them, so each is bound, for reading. */
export function otherFileSystems(hidden: readonly string[]): readonly string[] {
  return mountTable()
    .filter(({ type, path }) => path !== "/" && realFileSystems.test(type) && !notShown.test(path))
    .map(({ path }) => path)
    .filter((path) => !hidden.some((folder) => path === folder || path.startsWith(`${folder}/`)))
    .slice(0, 64);
}

export function mountTable(): ReturnType<typeof parseMountTable> {
  try {
    return parseMountTable(readFileSync("/proc/self/mountinfo", "utf8"));
  } catch {
    return [];
  }
}

/** Type and mount point of each line of `/proc/self/mountinfo`. */
export function parseMountTable(table: string): readonly { readonly type: string; readonly path: string }[] {
  return table.split("\n").flatMap((row) => {
    const [left = "", right] = row.split(" - ");
    const path = left.split(" ")[4];
    const type = right?.split(" ")[0];
    if (path === undefined || type === undefined) return [];
    return [
      {
        type,
        path: path.replace(/\\([0-7]{3})/g, (_, octal: string) =>
          String.fromCharCode(Number.parseInt(octal, 8)),
        ),
      },
    ];
  });
}

/** The folder of what /etc/resolv.conf leads to, when that is under /run, which the step sees empty: names must resolve. */
export function resolverConfig(): string | undefined {
  try {
    const path = realpathSync("/etc/resolv.conf");
    return path.startsWith("/run/") ? dirname(path) : undefined;
  } catch {
    return undefined;
  }
}

export const isInProc = (name: string): boolean => existsSync(`/proc/${name}`);

export function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
