// What is mounted where. Invariants: `spec.ts`.
import { join } from "node:path";
import { devices } from "./devices.ts";
import { isFolder, isInProc, mountTable, otherFileSystems, realPlace, resolverConfig } from "./host.ts";
import type { SandboxSpec } from "./spec.ts";
import { changingTopFolders, ownTopFolders, topFolders } from "./top-folders.ts";

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
