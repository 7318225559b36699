// Saves what a step left at an output artifact's path, from the raw tar that was made of it where the step ran.
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, retryOf } from "@sluice/base";
import type { ArtifactStore } from "@sluice/bus";
import type { ArtifactOutput, SavedArtifact, StepRequest } from "@sluice/engine";
import { LocalError } from "../errors.ts";
import { repackTar, unpackTar, zipTree } from "./archives.ts";
import type { ArtifactLimits } from "./limits.ts";
import { type TreeEntry, walkTree } from "./tree-walk.ts";
import { TreeWriter } from "./tree-writer.ts";

export interface SaveDeps {
  readonly store: ArtifactStore;
  readonly limits: ArtifactLimits;
}

export interface SavedOutputs {
  readonly artifacts: Readonly<Record<string, SavedArtifact>>;
  /** By name: why one that is there could not be saved. */
  readonly unsaved: Readonly<Record<string, string>>;
}

/** Files of one folder that are stored at once. */
const filesAtOnce = 32;

/**
 * Saves the outputs of a step that has ended; may be repeated with the same raw tars, and then stores the same.
 * Errors: what may go well later (the bus is away); everything else is told by name in `unsaved`.
 */
export async function saveArtifacts(
  deps: SaveDeps,
  step: StepRequest,
  rawTar: (index: number) => { readonly path: string; readonly failure: string | undefined },
  scratch: string,
): Promise<SavedOutputs> {
  const artifacts: Record<string, SavedArtifact> = {};
  const unsaved: Record<string, string> = {};
  for (const [index, output] of (step.artifacts?.outputs ?? []).entries()) {
    const { path, failure } = rawTar(index);
    try {
      const size = await sizeOf(path);
      if (size === undefined && failure === undefined) continue;
      if (failure !== undefined)
        throw LocalError.ARTIFACT_BROKEN({ artifact: output.name, form: "tar", reason: failure });
      if ((size ?? 0) > deps.limits.maxBytes)
        throw LocalError.ARTIFACT_TOO_LARGE({ artifact: output.name, what: `${deps.limits.maxBytes} B` });
      const saver = new Saver(deps, step, output);
      artifacts[output.name] = await saver.save(path, join(scratch, String(index)));
    } catch (error) {
      if (retryOf(error) === "later") throw error;
      unsaved[output.name] = `output artifact '${output.name}' at ${output.path}: ${messageOf(error)}`;
    }
  }
  return { artifacts, unsaved };
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch {
    return undefined;
  }
}

class Saver {
  readonly #deps: SaveDeps;
  readonly #step: StepRequest;
  readonly #output: ArtifactOutput;

  constructor(deps: SaveDeps, step: StepRequest, output: ArtifactOutput) {
    this.#deps = deps;
    this.#step = step;
    this.#output = output;
  }

  async save(rawTar: string, scratch: string): Promise<SavedArtifact> {
    await rm(scratch, { recursive: true, force: true });
    await mkdir(scratch, { recursive: true, mode: 0o700 });
    try {
      const { archive, key } = this.#output;
      if (archive.kind === "tar") {
        await repackTar(rawTar, join(scratch, "packed"), archive.level);
        return await this.#put(key, join(scratch, "packed"));
      }
      const root = await this.#unpacked(rawTar, join(scratch, "tree"));
      if (archive.kind === "none") return await this.#putPlain(root);
      await zipTree(root, join(scratch, "packed"));
      return await this.#put(key, join(scratch, "packed"));
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async #unpacked(rawTar: string, tree: string): Promise<string> {
    await mkdir(tree);
    const into = new TreeWriter(tree, this.#output.name, this.#deps.limits);
    await unpackTar(rawTar, into, false);
    await into.finish();
    const [root = ""] = await readdir(tree);
    return join(tree, root);
  }

  async #put(key: string, path: string, mode?: number): Promise<SavedArtifact> {
    const { bytes, hash } = await this.#deps.store.put(this.#place(key, mode), () => createReadStream(path));
    return { key, bytes, hash };
  }

  #place(key: string, mode: number | undefined) {
    const { namespace, uid } = this.#step.run;
    return { namespace, key, owner: uid, ...(mode === undefined ? {} : { mode }) };
  }

  /** A file at its key, a folder file by file under it. */
  async #putPlain(root: string): Promise<SavedArtifact> {
    const { key } = this.#output;
    const count = { files: 0, bytes: 0 };
    let waiting: Promise<void>[] = [];
    for await (const entry of walkTree(root, key)) {
      if (entry.name === key && entry.kind === "file") return this.#put(key, entry.path, entry.mode);
      waiting.push(this.#putEntry(entry, count, entry.name === key));
      if (waiting.length < filesAtOnce) continue;
      await Promise.all(waiting);
      waiting = [];
    }
    await Promise.all(waiting);
    return { key, ...count };
  }

  async #putEntry(entry: TreeEntry, count: { files: number; bytes: number }, isRoot: boolean): Promise<void> {
    const { store } = this.#deps;
    if (entry.kind === "link") await store.mark(this.#place(entry.name, undefined), entry);
    else if (entry.kind === "folder") {
      if (isRoot || entry.isEmpty)
        await store.mark(this.#place(entry.name, entry.mode & 0o777), { kind: "folder" });
    } else {
      const { bytes } = await this.#put(entry.name, entry.path, entry.mode);
      count.files += 1;
      count.bytes += bytes;
    }
  }
}
