// The namespace sandbox as data: what is mounted where, and the words that enter it. Pure but for looking at the host.
// Invariants
//   N1. The only places that a step can write to are parts of its own folder: the overlay's upper layer, its /tmp, its
//       volumes and its output folder.
//   N2. The data folder (credentials, other steps) is covered by an empty file system, and so is /run with its sockets.
//   N3. A step holds no capability that reaches out of its namespaces, and can gain none.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join, posix } from "node:path";
import { writeWhole } from "../step/whole-file.ts";

export interface BindMount {
  /** On the host. */
  readonly source: string;
  /** As the step sees it; absolute. */
  readonly target: string;
  readonly readOnly: boolean;
}

export interface SandboxSpec {
  /** The box's folder. */
  readonly stepDir: string;
  /** Where the box keeps what the step writes, which may be much: the same folder, or one on a disk. */
  readonly bulkDir: string;
  /** Shims for programs that the host lacks, seen at /argo/bin. */
  readonly shimsDir: string;
  /** The ground of /dev: empty files that devices are bound to. */
  readonly devDir: string;
  /** Host folders that a step sees empty. */
  readonly hidden: readonly string[];
  readonly volumes: readonly BindMount[];
  readonly privileged: boolean;
}

/** What a container usually may do to its own files and processes; nothing that reaches the host (N3). */
const keptCapabilities = [
  "chown",
  "dac_override",
  "fowner",
  "fsetid",
  "kill",
  "setgid",
  "setuid",
  "setfcap",
  "net_bind_service",
  "audit_write",
];

export const devices = ["null", "zero", "full", "random", "urandom"];

/** Words before the step's command: new root, capabilities dropped for good. */
export function enterWords(stepDir: string): readonly string[] {
  return [
    "chroot",
    join(stepDir, "root"),
    "setpriv",
    "--no-new-privs",
    "--inh-caps=-all",
    `--bounding-set=-all,${keptCapabilities.map((c) => `+${c}`).join(",")}`,
  ];
}

/** Words that make the namespaces and run `initScript` in them. The network stays the host's, but where it is asked for. */
export function unshareWords(privileged: boolean, hasNetwork = false): readonly string[] {
  const user = privileged ? [] : ["--user", "--map-root-user"];
  const network = hasNetwork ? ["--net"] : [];
  return ["unshare", ...user, ...network, "--mount", "--pid", "--ipc", "--uts", "--fork", "--kill-child"];
}

/** Words that join the namespaces of a sandbox that stands, by its process 1. */
export function joinWords(supervisor: number, privileged: boolean): readonly string[] {
  // A user namespace leaves the network the machine's, and may not even join that.
  const apart = privileged ? ["--net"] : ["--user", "--preserve-credentials"];
  return ["nsenter", "--target", String(supervisor), ...apart, "--mount", "--pid", "--ipc", "--uts"];
}

/** Makes the parts of the step's folder that the mounts need. */
export function prepareSandboxFolder(spec: SandboxSpec): void {
  for (const part of ["root", "staging", "out"]) mkdirSync(join(spec.stepDir, part), { recursive: true });
  for (const part of ["upper", "work"]) mkdirSync(join(spec.bulkDir, part), { recursive: true });
  mkdirSync(join(spec.bulkDir, "artifacts", "out"), { recursive: true });
  mkdirSync(join(spec.bulkDir, "tmp"), { recursive: true, mode: 0o777 });
  if (spec.privileged) mkdirSync(join(spec.bulkDir, "upper", "argo"), { recursive: true });
  else prepareTopFolders(spec);
  writeWhole(join(spec.stepDir, "fstab"), fstab(spec));
}

/** The ground of /dev, once for all steps. */
export function prepareDeviceFolder(devDir: string): void {
  for (const dir of ["shm", "pts"]) mkdirSync(join(devDir, dir), { recursive: true });
  for (const device of devices) writeFileSync(join(devDir, device), "");
  const links = {
    fd: "/proc/self/fd",
    stdin: "/proc/self/fd/0",
    stdout: "/proc/self/fd/1",
    stderr: "/proc/self/fd/2",
  };
  for (const [name, target] of Object.entries(links)) {
    try {
      symlinkSync(target, join(devDir, name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

/** The mounts of one step, in order; one `mount -a` makes them all. */
export function fstab(spec: SandboxSpec): string {
  const root = join(spec.stepDir, "root");
  const at = (path: string) => join(root, path);
  const lines = spec.privileged
    ? [overlayLine(spec, "")]
    : topFolders().flatMap((name) => topLines(spec, name));
  const bind = (source: string, path: string, options = "") =>
    line(source, at(path), "none", `bind${options}`);
  lines.push(
    ...(spec.privileged ? otherFileSystems(spec.hidden) : []).map((path) =>
      bind(path, path, ",ro,nofail,X-mount.mkdir"),
    ),
    bind(join(spec.bulkDir, "tmp"), "/tmp"),
    line("tmpfs", at("/run"), "tmpfs", "nosuid,nodev,mode=755,size=16m"),
    bind(spec.devDir, "/dev", ",ro"),
    ...devices.map((device) => bind(`/dev/${device}`, `/dev/${device}`)),
    line("tmpfs", at("/dev/shm"), "tmpfs", "nosuid,nodev,mode=1777"),
    ...(spec.privileged ? [bind("/sys", "/sys", ",ro")] : []),
    line("proc", at("/proc"), "proc", "nosuid,nodev,noexec"),
    ...["sys", "irq", "bus", "fs"]
      .filter(isInProc)
      .map((name) => bind(at(`/proc/${name}`), `/proc/${name}`, ",ro,nofail")),
    ...["sysrq-trigger"].filter(isInProc).map((name) => bind("/dev/null", `/proc/${name}`)),
  );
  for (const path of spec.hidden) {
    const place = realPlace(path);
    if (isFolder(path) && isShown(place, spec))
      lines.push(line("tmpfs", at(place), "tmpfs", "ro,nosuid,nodev,mode=755,size=4k"));
  }
  lines.push(
    line("tmpfs", at("/argo"), "tmpfs", "nosuid,nodev,mode=755,size=64k"),
    ...[
      { source: spec.shimsDir, target: "/argo/bin", readOnly: true },
      { source: join(spec.stepDir, "staging"), target: "/argo/staging", readOnly: true },
      { source: join(spec.stepDir, "out"), target: "/argo/out", readOnly: false },
      { source: join(spec.bulkDir, "artifacts"), target: "/argo/artifacts", readOnly: false },
    ].map(({ source, target, readOnly }) => bind(source, target, `,X-mount.mkdir${readOnly ? ",ro" : ""}`)),
  );
  const resolver = resolverConfig();
  if (resolver !== undefined) lines.push(bind(resolver, resolver, ",ro,nofail,X-mount.mkdir"));
  for (const { source, target, readOnly } of spec.volumes)
    lines.push(bind(source, realPlace(target), `,X-mount.mkdir${readOnly ? ",ro" : ""}`));
  return `${lines.join("\n")}\n`;
}

/** Whether a step would see this host folder, were it not hidden. */
function isShown(place: string, spec: SandboxSpec): boolean {
  const top = place.split("/")[1] ?? "";
  return !ownTopFolders.has(top) && (spec.privileged || topLines(spec, top).length > 0);
}

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

type Layers = Pick<SandboxSpec, "stepDir" | "bulkDir">;

function overlayLine({ stepDir, bulkDir }: Layers, name: string): string {
  const options = [
    `lowerdir=/${name}`,
    `upperdir=${join(bulkDir, "upper", name)}`,
    `workdir=${join(bulkDir, "work", name)}`,
    "nosuid",
    "nodev",
  ];
  return line(
    "overlay",
    join(stepDir, "root", name),
    "overlay",
    [...options, ...(name === "" ? [] : ["userxattr"])].join(","),
  );
}

/**
 * In a user namespace a folder with mounts below it can be no overlay's layer. Those that programs need are shown as
 * they are, for reading (the mounts are single files there, such as a container's resolv.conf); others are left empty,
 * since what is mounted below would stay writable (N1).
 */
function topLines(layers: Layers, name: string): readonly string[] {
  if (changingTopFolders.has(name)) return [];
  const hasMounts = mountTable().some(({ path }) => path === `/${name}` || path.startsWith(`/${name}/`));
  if (!hasMounts) return [overlayLine(layers, name)];
  if (!/^(etc|usr|lib|lib64|bin|sbin|opt)$/.test(name)) return [];
  return [line(`/${name}`, join(layers.stepDir, "root", name), "none", "rbind,ro")];
}

/** A field of fstab has its blanks and backslashes as octal numbers. */
function line(...fields: readonly string[]): string {
  const escaped = fields.map((field) =>
    field.replace(/[\s\\#]/g, (c) => `\\${c.charCodeAt(0).toString(8).padStart(3, "0")}`),
  );
  return `${escaped.join(" ")} 0 0`;
}

const ownTopFolders = new Set(["proc", "sys", "dev", "run", "tmp", "lost+found", "argo"]);
/** Where a running machine mounts and unmounts at any time: empty in a user namespace, which could not overlay them. */
const changingTopFolders = new Set(["var", "mnt", "media", "srv", "boot"]);

/** Folders of `/` that get an overlay each where one over `/` is not allowed (a user namespace's mounts are locked). */
function topFolders(): readonly string[] {
  return readdirSync("/").filter(
    (name) =>
      !ownTopFolders.has(name) && !changingTopFolders.has(name) && lstatSync(`/${name}`).isDirectory(),
  );
}

function prepareTopFolders({ stepDir, bulkDir }: Layers): void {
  for (const name of [...ownTopFolders, ...changingTopFolders, "var/lib", "var/tmp"])
    mkdirSync(join(stepDir, "root", name), { recursive: true });
  for (const name of topFolders()) {
    mkdirSync(join(stepDir, "root", name), { recursive: true });
    for (const layer of ["upper", "work"]) mkdirSync(join(bulkDir, layer, name), { recursive: true });
  }
  for (const name of [...readdirSync("/"), "var/run", "var/lock"]) {
    if (!isLink(`/${name}`)) continue;
    try {
      symlinkSync(readlinkSync(`/${name}`), join(stepDir, "root", name));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

const realFileSystems = /^(ext[234]|xfs|btrfs|zfs|f2fs|overlay|nfs4?|9p|virtiofs|bcachefs)$/;
const notShown = /^\/(proc|sys|dev|run|tmp|argo|boot|var\/lib\/(docker|containers|containerd|kubelet))(\/|$)/;

/** File systems mounted below `/`: an overlay does not show them, so each is bound, for reading. */
function otherFileSystems(hidden: readonly string[]): readonly string[] {
  return mountTable()
    .filter(({ type, path }) => path !== "/" && realFileSystems.test(type) && !notShown.test(path))
    .map(({ path }) => path)
    .filter((path) => !hidden.some((folder) => path === folder || path.startsWith(`${folder}/`)))
    .slice(0, 64);
}

function mountTable(): ReturnType<typeof parseMountTable> {
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

/** The file behind /etc/resolv.conf when it lies under /run, which the step sees empty: names must resolve. */
function resolverConfig(): string | undefined {
  try {
    const path = realpathSync("/etc/resolv.conf");
    return path.startsWith("/run/") ? dirname(path) : undefined;
  } catch {
    return undefined;
  }
}

const isInProc = (name: string): boolean => existsSync(`/proc/${name}`);

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
