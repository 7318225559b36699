// Brings input artifacts from the repository to this machine, for one step.
import { chmod, lstat, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAppError, messageOf } from "@sluice/base";
import type { ArtifactStore, StoredArtifact } from "@sluice/bus";
import type { ArtifactInput } from "@sluice/engine";
import { LocalError } from "../errors.ts";
import { isTarball, unpackTar, unpackZip } from "./archives.ts";
import type { ArtifactLimits } from "./limits.ts";
import { walkTree } from "./tree-walk.ts";
import { TreeWriter } from "./tree-writer.ts";

export interface FetchDeps {
  readonly store: ArtifactStore;
  readonly limits: ArtifactLimits;
}

/**
 * Brings one input into `folder`, which is made anew; gives the path of its file or folder there, or undefined for an
 * optional one that is not there.
 * Errors: LOCAL_ARTIFACT_MISSING, LOCAL_ARTIFACT_TOO_LARGE, LOCAL_ARTIFACT_UNSAFE, LOCAL_ARTIFACT_BROKEN, those of the bus.
 */
export async function fetchArtifact(
  deps: FetchDeps,
  namespace: string,
  input: ArtifactInput,
  folder: string,
): Promise<string | undefined> {
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = await contentOf(deps, namespace, input, folder);
  if (path !== undefined) await applyMode(input, path);
  return path;
}

async function contentOf(
  deps: FetchDeps,
  namespace: string,
  input: ArtifactInput,
  folder: string,
): Promise<string | undefined> {
  const { source, subPath = "" } = input;
  if (source.kind === "raw") {
    await writeFile(join(folder, "data"), source.data, { mode: 0o644 });
    return join(folder, "data");
  }
  const whole = await deps.store.find(namespace, source.key);
  if (whole?.kind === "file") return partOf(input, await opened(deps, input, whole, folder), subPath);
  const key = subPath === "" ? source.key : `${source.key}/${subPath}`;
  const part = subPath === "" ? undefined : await deps.store.find(namespace, key);
  if (part?.kind === "file") return opened(deps, input, part, folder);
  if (await listed(deps, { namespace, key, input }, join(folder, "tree"))) return join(folder, "tree");
  if (input.optional) return undefined;
  throw LocalError.ARTIFACT_MISSING({ artifact: input.name, key });
}

/** Downloads a file and, where it is an archive, unpacks it; the path of what was packed. */
async function opened(
  { store, limits }: FetchDeps,
  input: ArtifactInput,
  stored: StoredArtifact,
  folder: string,
): Promise<string> {
  const download = new TreeWriter(folder, input.name, limits);
  await download.file("blob", store.read(stored), stored.mode);
  const blob = join(folder, "blob");
  const { archive } = input;
  const isTar = archive === "tar" || (archive === undefined && (await isTarball(blob)));
  if (!isTar && archive !== "zip") return blob;
  const tree = join(folder, "tree");
  await mkdir(tree);
  const into = new TreeWriter(tree, input.name, limits);
  try {
    if (isTar) await unpackTar(blob, into, true);
    else await unpackZip(blob, into);
    await into.finish();
  } catch (error) {
    throw isAppError(error)
      ? error
      : LocalError.ARTIFACT_BROKEN(
          { artifact: input.name, form: isTar ? "tar" : "zip", reason: messageOf(error) },
          error,
        );
  }
  await rm(blob);
  // One entry at the top is what was packed; more (an archive made elsewhere) are a folder.
  const names = await readdir(tree);
  return names.length === 1 ? join(tree, names[0] ?? "") : tree;
}

/** The part of a tree that is asked for; no link leads to it. */
async function partOf(input: ArtifactInput, path: string, subPath: string): Promise<string> {
  let at = path;
  for (const name of subPath.split("/").filter((part) => part !== "" && part !== ".")) {
    if (name === "..") throw LocalError.ARTIFACT_UNSAFE({ artifact: input.name, name: subPath });
    at = join(at, name);
    const stat = await lstat(at).catch(() => undefined);
    if (stat === undefined) throw LocalError.ARTIFACT_MISSING({ artifact: input.name, key: subPath });
    if (stat.isSymbolicLink()) throw LocalError.ARTIFACT_UNSAFE({ artifact: input.name, name: subPath });
  }
  return at;
}

/** What lies under a key, as a folder; false when nothing does. */
async function listed(
  { store, limits }: FetchDeps,
  from: { readonly namespace: string; readonly key: string; readonly input: ArtifactInput },
  tree: string,
): Promise<boolean> {
  const into = new TreeWriter(tree, from.input.name, limits);
  let isThere = false;
  for await (const artifact of store.list(from.namespace, from.key)) {
    if (!isThere) await mkdir(tree, { recursive: true });
    isThere = true;
    const name = artifact.key.slice(from.key.length + 1);
    if (artifact.kind === "folder") await into.folder(name, artifact.mode);
    else if (artifact.kind === "link") await into.link(name, artifact.target ?? "");
    else await into.file(name, store.read(artifact), artifact.mode);
  }
  await into.finish();
  return isThere;
}

async function applyMode({ mode, recurseMode }: ArtifactInput, path: string): Promise<void> {
  if (mode === undefined) return;
  if (recurseMode !== true) return chmod(path, mode & 0o7777);
  const paths: string[] = [];
  for await (const entry of walkTree(path)) if (entry.kind !== "link") paths.push(entry.path);
  // From the inside out: a folder may lose the permission to be looked into.
  for (const place of paths.reverse()) await chmod(place, mode & 0o7777);
}
