// Tar and zip, read into a TreeWriter and written from a folder's entries. Streams throughout.
import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip, type Gzip } from "node:zlib";
import { type Extract, extract, type Header, type Pack, pack } from "tar-stream";
import { type Entry, open as openZip, type ZipFile } from "yauzl";
import { ZipFile as ZipWriter } from "yazl";
import { type TreeEntry, walkTree } from "./tree-walk.ts";
import type { TreeWriter } from "./tree-writer.ts";

type TarEntry = Extract extends AsyncIterable<infer E> ? E : never;

/** Errors: those of the TreeWriter; of zlib and tar for what is none. */
export async function unpackTar(path: string, into: TreeWriter, gzipped: boolean): Promise<void> {
  const reader = extract();
  const source = createReadStream(path);
  const fed = gzipped ? pipeline(source, createGunzip(), reader) : pipeline(source, reader);
  fed.catch((error: unknown) => reader.destroy(error as Error));
  try {
    for await (const entry of reader) {
      await writeTarEntry(entry.header, entry as AsyncIterable<Uint8Array>, into);
      entry.resume();
    }
  } catch (error) {
    source.destroy();
    await fed.catch(() => {});
    throw error;
  }
  await fed;
}

async function writeTarEntry(
  header: Header,
  content: AsyncIterable<Uint8Array>,
  into: TreeWriter,
): Promise<void> {
  switch (header.type) {
    case "file":
    case "contiguous-file":
      return into.file(header.name, content, header.mode);
    case "directory":
      return into.folder(header.name, header.mode);
    case "symlink":
      return into.link(header.name, header.linkname ?? "");
    case "link":
      return into.hardLink(header.name, header.linkname ?? "");
    default:
      return; // devices, sockets and pipes are nothing to keep
  }
}

/** Writes `from`, a raw tar, as a gzipped one without what differs from machine to machine. */
export async function repackTar(from: string, to: string, level: number | undefined): Promise<void> {
  const reader = extract();
  const writer = pack();
  const gzip: Gzip = createGzip(level === undefined ? {} : { level });
  const read = pipeline(createReadStream(from), reader);
  read.catch((error: unknown) => reader.destroy(error as Error));
  const written = pipeline(writer, gzip, createWriteStream(to, { mode: 0o600 }));
  written.catch((error: unknown) => reader.destroy(error as Error));
  try {
    for await (const entry of reader) {
      const header = plainHeader(entry.header);
      if (header === undefined) {
        entry.resume();
        continue;
      }
      await copyEntry(entry, writer, header);
    }
    writer.finalize();
    await Promise.all([read, written]);
  } catch (error) {
    writer.destroy(error as Error);
    await Promise.allSettled([read, written]);
    throw error;
  }
}

function copyEntry(entry: TarEntry, writer: Pack, header: Header): Promise<void> {
  return new Promise((resolve, reject) => {
    entry.once("error", reject);
    const sink = writer.entry(header, (error) =>
      error === null || error === undefined ? resolve() : reject(error),
    );
    if (header.type === "file") entry.pipe(sink);
    else entry.resume();
  });
}

const keptTypes: ReadonlySet<string> = new Set(["file", "contiguous-file", "directory", "symlink", "link"]);

function plainHeader(header: Header): Header | undefined {
  const { name, type, size, mode, mtime, linkname } = header;
  if (type === null || type === undefined || !keptTypes.has(type)) return undefined;
  return {
    name,
    type: type === "contiguous-file" ? "file" : type,
    size: size ?? 0,
    mode: (mode ?? 0o644) & 0o777,
    ...(mtime === undefined ? {} : { mtime }),
    ...(linkname === undefined || linkname === null ? {} : { linkname }),
  } as Header;
}

/** Zips a file or a folder, under its own name; links are kept as links. */
export async function zipTree(root: string, to: string): Promise<void> {
  const zip = new ZipWriter();
  const written = pipeline(zip.outputStream, createWriteStream(to, { mode: 0o600 }));
  for await (const entry of walkTree(root)) addToZip(zip, entry);
  zip.end();
  await written;
}

/** A fixed date: the same content gives the same archive. */
const zipDate = new Date(Date.UTC(1980, 0, 1, 12));

function addToZip(zip: ZipWriter, entry: TreeEntry): void {
  const options = { mtime: zipDate, mode: modeOf(entry) };
  if (entry.kind === "folder") zip.addEmptyDirectory(entry.name, options);
  else if (entry.kind === "link") zip.addBuffer(Buffer.from(entry.target), entry.name, options);
  else zip.addFile(entry.path, entry.name, options);
}

const linkMode = 0o120_000;
const modeOf = (entry: TreeEntry): number =>
  entry.kind === "link"
    ? linkMode | 0o777
    : (entry.kind === "folder" ? 0o040_000 : 0o100_000) | (entry.mode & 0o777);

/** Errors: those of the TreeWriter; of yauzl for what is no zip. */
export async function unpackZip(path: string, into: TreeWriter): Promise<void> {
  const zip = await new Promise<ZipFile>((resolve, reject) =>
    openZip(path, { lazyEntries: true, validateEntrySizes: true }, (error, file) =>
      error === null ? resolve(file) : reject(error),
    ),
  );
  try {
    for (let entry = await nextEntry(zip); entry !== undefined; entry = await nextEntry(zip))
      await writeZipEntry(zip, entry, into);
  } finally {
    zip.close();
  }
}

function nextEntry(zip: ZipFile): Promise<Entry | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      zip.removeAllListeners("entry").removeAllListeners("end").removeAllListeners("error");
      act();
    };
    zip.once("entry", (entry: Entry) => settle(() => resolve(entry)));
    zip.once("end", () => settle(() => resolve(undefined)));
    zip.once("error", (error: Error) => settle(() => reject(error)));
    zip.readEntry();
  });
}

async function writeZipEntry(zip: ZipFile, entry: Entry, into: TreeWriter): Promise<void> {
  const mode = entry.externalFileAttributes >>> 16;
  if (entry.fileName.endsWith("/")) return into.folder(entry.fileName, mode === 0 ? undefined : mode);
  const content = await new Promise<NodeJS.ReadableStream>((resolve, reject) =>
    zip.openReadStream(entry, (error, stream) => (error === null ? resolve(stream) : reject(error))),
  );
  const bytes = content as unknown as AsyncIterable<Uint8Array>;
  if ((mode & 0o170_000) === linkMode) return into.link(entry.fileName, await shortText(bytes));
  return into.file(entry.fileName, bytes, mode === 0 ? undefined : mode);
}

async function shortText(content: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) if (parts.length < 16) parts.push(part);
  return Buffer.concat(parts).subarray(0, 4_096).toString("utf8");
}

/** Whether a file is a gzipped tar, as its first bytes say. */
export async function isTarball(path: string): Promise<boolean> {
  const file = await open(path, "r");
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(3), 0, 3, 0);
    if (bytesRead < 3 || buffer[0] !== 0x1f || buffer[1] !== 0x8b || buffer[2] !== 8) return false;
  } finally {
    await file.close();
  }
  return (await firstUnzipped(path, 262)).subarray(257, 262).toString("latin1") === "ustar";
}

async function firstUnzipped(path: string, bytes: number): Promise<Buffer> {
  const source = createReadStream(path);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  const parts: Buffer[] = [];
  let length = 0;
  try {
    for await (const part of source.pipe(gunzip)) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length >= bytes) break;
    }
  } catch {
    return Buffer.alloc(0); // no gzip after all
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return Buffer.concat(parts);
}
