// Writes what an archive or a repository lists into a fresh folder, whatever the list says.
// Invariants
//   T1. Nothing is written outside the root: names have no '..', and links are made when all else is there, so that no
//       name leads through one.
//   T2. No more bytes and entries than the limits say, however small the archive was.
import { chmod, type FileHandle, link, lstat, mkdir, open, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { LocalError } from "../errors.ts";
import type { ArtifactLimits } from "./limits.ts";

export class TreeWriter {
  readonly #root: string;
  readonly #artifact: string;
  readonly #limits: ArtifactLimits;
  readonly #links = new Map<string, string>();
  /** Made already. Nothing takes a folder away again: what would stand in its place is refused. */
  readonly #folders = new Set<string>();
  readonly #folderModes = new Map<string, number>();
  #bytes = 0;
  #entries = 0;

  /** `artifact`: its name, for errors. */
  constructor(root: string, artifact: string, limits: ArtifactLimits) {
    this.#root = root;
    this.#artifact = artifact;
    this.#limits = limits;
  }

  /** Errors: LOCAL_ARTIFACT_UNSAFE, LOCAL_ARTIFACT_TOO_LARGE. */
  async file(name: string, content: AsyncIterable<Uint8Array>, mode = 0o644): Promise<void> {
    const place = await this.#place(name);
    if (place === undefined) throw this.#unsafe(name);
    const file = await this.#fresh(place);
    try {
      for await (const piece of content) {
        this.#count(piece.length);
        for (let from = 0; from < piece.length; )
          from += (await file.write(piece, from, piece.length - from)).bytesWritten;
      }
      await file.chmod((mode & 0o777) | 0o400);
    } finally {
      await file.close();
    }
  }

  /** A new file, in place of one of this name that the list had before. */
  async #fresh(place: string): Promise<FileHandle> {
    try {
      return await open(place, "wx", 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      await rm(place);
      return open(place, "wx", 0o600);
    }
  }

  async folder(name: string, mode = 0o755): Promise<void> {
    const place = await this.#place(name);
    if (place === undefined) return;
    await mkdir(place, { recursive: true });
    this.#folderModes.set(place, mode);
  }

  /** Kept as it is written; it is never followed here. */
  async link(name: string, target: string): Promise<void> {
    const place = await this.#place(name);
    if (place === undefined || target.includes("\0")) throw this.#unsafe(name);
    this.#links.set(place, target);
  }

  /** To a file of this tree that was written before. */
  async hardLink(name: string, target: string): Promise<void> {
    const [place, source] = [await this.#place(name), await this.#place(target)];
    if (place === undefined || source === undefined || place === source) throw this.#unsafe(name);
    const stat = await lstat(source).catch(() => undefined);
    if (stat?.isFile() !== true) throw this.#unsafe(name);
    await rm(place, { force: true });
    await link(source, place);
  }

  /** Makes the links and sets the folders' permissions: the last call. */
  async finish(): Promise<void> {
    for (const [place, target] of this.#links) {
      const stat = await lstat(place).catch(() => undefined);
      if (stat?.isDirectory() === true) throw this.#unsafe(place.slice(this.#root.length + 1));
      await rm(place, { force: true });
      await symlink(target, place);
    }
    for (const [place, mode] of this.#folderModes) await chmod(place, (mode & 0o777) | 0o700);
  }

  /** Where a name lies; undefined for the root itself. Its folder is there then. */
  async #place(name: string): Promise<string | undefined> {
    this.#entries += 1;
    if (this.#entries > this.#limits.maxEntries)
      throw LocalError.ARTIFACT_TOO_LARGE({
        artifact: this.#artifact,
        what: `${this.#limits.maxEntries} entries`,
      });
    const parts = name.split("/").filter((part) => part !== "" && part !== ".");
    if (name.startsWith("/") || parts.includes("..") || name.includes("\0")) throw this.#unsafe(name);
    if (parts.length === 0) return undefined;
    const place = join(this.#root, ...parts);
    const folder = dirname(place);
    if (this.#folders.has(folder)) return place;
    try {
      await mkdir(folder, { recursive: true });
      this.#folders.add(folder);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST" || code === "ENOTDIR") throw this.#unsafe(name);
      throw error;
    }
    return place;
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.maxBytes)
      throw LocalError.ARTIFACT_TOO_LARGE({ artifact: this.#artifact, what: `${this.#limits.maxBytes} B` });
  }

  readonly #unsafe = (name: string) => LocalError.ARTIFACT_UNSAFE({ artifact: this.#artifact, name });
}
