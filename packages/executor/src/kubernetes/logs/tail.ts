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
    const bytes = Buffer.from(this.#lines.slice(this.#head).join("\n"));
    return bytes.length <= this.#maxBytes
      ? bytes.toString("utf8")
      : bytes.subarray(bytes.length - this.#maxBytes).toString("utf8");
  }
}
