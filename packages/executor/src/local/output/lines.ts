// A step's output files become lines. Pure line cutting; reading is bounded and waits for its reader.
// The files are read without a detour over other threads: a look costs microseconds, a detour a good part of a ms.
import { spawnSync } from "node:child_process";
import { closeSync, constants, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import type { StepLine } from "@sluice/engine";

/** Longer lines come in pieces of this many bytes. */
export const maxLineBytes = 64 * 1_024;
/** What a step may say on one stream before the rest is dropped. */
export const maxStreamBytes = 64 * 1_024 * 1_024;
export const maxResultBytes = 256 * 1_024;
/** Some files lie where the step can put another thing in their place: nothing is followed or waited for. */
const ownFile = constants.O_RDWR | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const chunkBytes = 256 * 1_024;
/** Dropped output is given back to the disk in pieces of this size at least: each costs a spawn. */
const freedAtOnceBytes = 16 * 1_024 * 1_024;

/** Cuts bytes into lines. Text that is no UTF-8 gets replacement characters; nothing else is changed. */
export class LineCutter {
  #rest: Buffer = Buffer.alloc(0);

  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    for (;;) {
      const newline = bytes.indexOf(10);
      if (newline >= 0 && newline <= maxLineBytes) {
        lines.push(lineText(bytes.subarray(0, newline)));
        bytes = bytes.subarray(newline + 1);
      } else if (bytes.length > maxLineBytes) {
        const cut = wholeCharacters(bytes, maxLineBytes);
        lines.push(bytes.subarray(0, cut).toString("utf8"));
        bytes = bytes.subarray(cut);
      } else break;
    }
    this.#rest = Buffer.from(bytes);
    return lines;
  }

  /** The last line, when it has no newline. */
  end(): string[] {
    const rest = this.#rest;
    this.#rest = Buffer.alloc(0);
    return rest.length === 0 ? [] : [lineText(rest)];
  }
}

const lineText = (bytes: Buffer): string =>
  (bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes).toString("utf8");

/** The largest cut at or before `at` that does not split a character. */
function wholeCharacters(bytes: Buffer, at: number): number {
  for (let cut = at; cut > at - 4; cut--) if (((bytes[cut] ?? 0) & 0xc0) !== 0x80) return cut;
  return at;
}

/** Where the first character begins that is there as a whole. */
function wholeCharacterFrom(bytes: Buffer): number {
  for (let from = 0; from < 4; from++) if (((bytes[from] ?? 0) & 0xc0) !== 0x80) return from;
  return 0;
}

/** Reads one growing file from its beginning; each `read` goes to what is its end now. */
export class OutputTail {
  readonly #path: () => string;
  readonly #stream: StepLine["stream"];
  readonly #maxBytes: number;
  readonly #container: { readonly container?: string };
  readonly #cutter = new LineCutter();
  #file: number | undefined;
  #offset = 0;
  #delivered = 0;
  /** Where the bytes that are dropped and still on the disk begin. */
  #freed: number;

  /** `path` is asked until the file is there. `container`: whose output it is, when it is not the main one's. */
  constructor(
    path: () => string,
    stream: StepLine["stream"],
    {
      maxBytes = maxStreamBytes,
      container,
    }: { readonly maxBytes?: number; readonly container?: string } = {},
  ) {
    this.#path = path;
    this.#stream = stream;
    this.#maxBytes = maxBytes;
    this.#container = container === undefined ? {} : { container };
    this.#freed = maxBytes;
  }

  /** Hands over the lines that have come since the last call, a chunk at a time. */
  async read(now: () => number, deliver: (lines: readonly StepLine[]) => Promise<void>): Promise<void> {
    const file = this.#open();
    if (file === undefined) return;
    while (this.#delivered < this.#maxBytes) {
      // The size is asked first: most looks find nothing new, and a buffer is dear to make.
      const left = Math.min(fstatSync(file).size - this.#offset, this.#maxBytes - this.#delivered);
      const wanted = Math.min(left, chunkBytes);
      if (wanted <= 0) return;
      const buffer = Buffer.allocUnsafe(wanted);
      const bytesRead = readSync(file, buffer, 0, wanted, this.#offset);
      if (bytesRead === 0) return;
      this.#offset += bytesRead;
      this.#delivered += bytesRead;
      const lines = this.#cutter.push(buffer.subarray(0, bytesRead));
      if (this.#delivered >= this.#maxBytes)
        lines.push(...this.#cutter.end(), `[output beyond ${this.#maxBytes / 1_048_576} MB is dropped]`);
      await this.#deliver(lines, now(), deliver);
    }
    this.#drop(file);
  }

  /** The rest, once nothing is written any more. */
  async finish(now: () => number, deliver: (lines: readonly StepLine[]) => Promise<void>): Promise<void> {
    await this.read(now, deliver);
    await this.#deliver(this.#cutter.end(), now(), deliver);
    this.close();
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  async #deliver(
    texts: readonly string[],
    at: number,
    deliver: (lines: readonly StepLine[]) => Promise<void>,
  ): Promise<void> {
    if (texts.length > 0)
      await deliver(texts.map((text) => ({ at, stream: this.#stream, text, ...this.#container })));
  }

  /**
   * Bounds what a talkative step takes on the disk: the middle of its file is given back as a hole. The first bytes stay
   * for who reads anew after a restart, the last ones for the step's result.
   */
  #drop(file: number): void {
    const end = fstatSync(file).size - 2 * maxResultBytes;
    if (end - this.#freed < Math.min(freedAtOnceBytes, this.#maxBytes)) return;
    const hole = ["--punch-hole", "--offset", `${this.#freed}`, "--length", `${end - this.#freed}`];
    const { status } = spawnSync("fallocate", [...hole, "/proc/self/fd/3"], {
      stdio: ["ignore", "ignore", "ignore", file],
    });
    if (status === 0) this.#freed = end;
    else {
      // A filesystem without holes. The writer appends, so an emptied file grows from nothing again.
      ftruncateSync(file, 0);
      this.#freed = 0;
    }
  }

  #open(): number | undefined {
    if (this.#file !== undefined) return this.#file;
    let file: number;
    try {
      file = openSync(this.#path(), ownFile);
    } catch (error) {
      if (["ENOENT", "ELOOP", "ENXIO"].includes((error as NodeJS.ErrnoException).code ?? ""))
        return undefined;
      throw error;
    }
    if (fstatSync(file).isFile()) this.#file = file;
    else closeSync(file);
    return this.#file;
  }
}

/** The last 256 kB of a file as text, without one newline at its end: a step's result. */
export function readResult(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const length = Math.min(size, maxResultBytes);
    const buffer = Buffer.alloc(length);
    const bytesRead = readSync(file, buffer, 0, length, size - length);
    const from = length < size ? wholeCharacterFrom(buffer) : 0;
    return buffer.toString("utf8", from, bytesRead).replace(/\n$/, "");
  } finally {
    closeSync(file);
  }
}
