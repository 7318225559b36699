// Reads manifests named on the command line: files, folders of them, or standard input.
import { lstat, readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { isAppError, isObject, messageOf } from "@sluice/base";
import { CliError } from "../../errors.ts";

export interface ManifestText {
  /** As it is named in messages; `-` for standard input. */
  readonly file: string;
  readonly text: string;
}

/** Largest manifest file, and most files of one call. */
const maxBytes = 4 * 1024 * 1024;
const maxFiles = 2_000;

const isManifest = (name: string): boolean => /\.(ya?ml|json)$/.test(name);

/** Errors: CLI_FILE_UNREADABLE, CLI_NOTHING_FOUND. Order: as named; inside a folder by name. */
export async function readManifestFiles(paths: readonly string[]): Promise<readonly ManifestText[]> {
  const files: string[] = [];
  for (const path of paths) {
    files.push(...(path === "-" ? ["-"] : await listManifestFiles(path)));
    if (files.length > maxFiles)
      throw CliError.FILE_UNREADABLE({ file: path, reason: `more than ${maxFiles} files at once` });
  }
  const texts: ManifestText[] = [];
  for (const file of files)
    texts.push({ file, text: file === "-" ? await readStandardInput() : await readBounded(file) });
  if (texts.length === 0)
    throw CliError.NOTHING_FOUND({ wanted: "YAML or JSON file", where: paths.join(", ") });
  return texts;
}

/** The files of a folder (and its folders), by name; a file is itself. Links out of the folder are not followed. */
export async function listManifestFiles(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) return [path];
    const found: string[] = [];
    for (const name of (await readdir(path)).sort()) {
      const full = join(path, name);
      const entry = await lstat(full);
      if (entry.isDirectory() && !name.startsWith(".")) found.push(...(await listManifestFiles(full)));
      else if (entry.isFile() && isManifest(name)) found.push(full);
    }
    return found;
  } catch (error) {
    if (isAppError(error)) throw error;
    throw CliError.FILE_UNREADABLE({ file: path, reason: reasonOf(error) }, error);
  }
}

/** Errors: CLI_FILE_UNREADABLE, also when it is larger than a manifest may be. */
export async function readBounded(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > maxBytes) throw new Error(`it is ${size} bytes, at most ${maxBytes} are read`);
    return await readFile(file, "utf8");
  } catch (error) {
    throw CliError.FILE_UNREADABLE({ file, reason: reasonOf(error) }, error);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file or folder",
  EACCES: "it may not be read by this user",
  EISDIR: "it is a folder",
};

function reasonOf(error: unknown): string {
  const code = isObject(error) && typeof error["code"] === "string" ? error["code"] : "";
  return reasons[code] ?? messageOf(error);
}

/** Errors: CLI_FILE_UNREADABLE when more comes than a manifest may have. */
export async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of process.stdin) {
    size += (chunk as Buffer).length;
    if (size > maxBytes) throw CliError.FILE_UNREADABLE({ file: "-", reason: `more than ${maxBytes} bytes` });
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString("utf8");
}
