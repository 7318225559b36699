import type { StampedLine } from "./cursor.ts";

/** The runtime stores longer lines in chunks of this many bytes; older kubelets put a stamp before each. */
const chunkBytes = 16_384;
/** A line that never ends is cut here, so that memory stays bounded. */
const maxLineBytes = 1_000_000;
const stampPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d) /;

/** Cuts the bytes of a log with timestamps into lines. Keeps state between chunks; one a stream. */
export class LogSplitter {
  #parts: Buffer[] = [];
  #size = 0;
  #lastStamp = "";

  push(chunk: Buffer): readonly StampedLine[] {
    const lines: StampedLine[] = [];
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      this.#keep(chunk.subarray(from, at));
      lines.push(this.#line());
      from = at + 1;
    }
    this.#keep(chunk.subarray(from));
    while (this.#size > maxLineBytes) lines.push(this.#cut());
    return lines;
  }

  /** The last line, when the log ended without a newline. */
  end(): readonly StampedLine[] {
    return this.#size === 0 ? [] : [this.#line()];
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return;
    this.#parts.push(part);
    this.#size += part.length;
  }

  /** The first part of a line that never ends; no character is cut in two. */
  #cut(): StampedLine {
    const bytes = Buffer.concat(this.#parts);
    let at = maxLineBytes;
    while (at > maxLineBytes - 4 && ((bytes[at] ?? 0) & 0xc0) === 0x80) at -= 1;
    this.#parts = [bytes.subarray(0, at)];
    const line = this.#line();
    this.#keep(bytes.subarray(at));
    return line;
  }

  #line(): StampedLine {
    const bytes = this.#parts.length === 1 ? (this.#parts[0] as Buffer) : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#size = 0;
    const length = stampLength(bytes, 0);
    // The rest of a line that was cut has no stamp of its own.
    if (length === 0) return { stamp: this.#lastStamp, text: bytes.toString("utf8") };
    this.#lastStamp = bytes.toString("latin1", 0, length - 1);
    return { stamp: this.#lastStamp, text: withoutInnerStamps(bytes.subarray(length)) };
  }
}

function withoutInnerStamps(bytes: Buffer): string {
  if (bytes.length <= chunkBytes) return bytes.toString("utf8");
  const parts: Buffer[] = [];
  let from = 0;
  while (bytes.length - from > chunkBytes) {
    const end = from + chunkBytes;
    parts.push(bytes.subarray(from, end));
    from = end + stampLength(bytes, end);
  }
  parts.push(bytes.subarray(from));
  return Buffer.concat(parts).toString("utf8");
}

/** Bytes of a stamp and its blank at `at`; 0 when there is none. */
function stampLength(bytes: Buffer, at: number): number {
  return stampPattern.exec(bytes.toString("latin1", at, at + 40))?.[0].length ?? 0;
}
