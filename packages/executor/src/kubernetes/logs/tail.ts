/** Keeps the end of a text that comes in lines, within a bound. */
export class Tail {
  readonly #maxBytes: number;
  #lines: string[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(line: string): void {
    this.#lines.push(line);
    this.#bytes += Buffer.byteLength(line) + 1;
    while (this.#bytes > this.#maxBytes && this.#lines.length - this.#head > 1) {
      this.#bytes -= Buffer.byteLength(this.#lines[this.#head] ?? "") + 1;
      this.#head += 1;
    }
    if (this.#head > 1_024 && this.#head * 2 > this.#lines.length) {
      this.#lines = this.#lines.slice(this.#head);
      this.#head = 0;
    }
  }

  text(): string {
    return endOf(Buffer.from(this.#lines.slice(this.#head).join("\n")), this.#maxBytes);
  }
}

/**
 * The last `maxBytes` of a text, from the first whole character on. What has just as many may be the end of something
 * longer, cut where it happened to be.
 */
export function endOf(bytes: Buffer, maxBytes: number): string {
  if (bytes.length < maxBytes) return bytes.toString("utf8");
  let from = bytes.length - maxBytes;
  const latest = from + 3;
  while (from < latest && ((bytes[from] ?? 0) & 0xc0) === 0x80) from += 1;
  return bytes.toString("utf8", from);
}
