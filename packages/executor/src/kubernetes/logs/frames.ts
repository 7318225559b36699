// What the wrapper prints, most of it after the step's command has ended: lines that begin with the step's mark.
//   <mark>progress N/M    while it runs: how far it is by its own word
//   <mark>begin CODE      the command ended with CODE; the empty line before it is ours, not the step's
//   <mark>result          its stdout (the last 256 kB) follows
//   <mark>file I SIZE     output file number I follows      <mark>missing I      <mark>large I SIZE
//   <mark>b BASE64 | <mark>x HEX                            a line of what follows
//   <mark>end
// The step itself knows the mark (it can read its own process list); a step that forges lines deceives nobody but itself.

import { parseProgress } from "@sluice/engine";

/** The part of stdout that becomes `outputs.result`. */
export const resultMaxBytes = 256 * 1024;

/** Bounds what a forged frame can make us keep. */
const frameMaxBytes = 2_000_000;

export type OutputFile =
  | { readonly kind: "value"; readonly bytes: Buffer }
  | { readonly kind: "missing" }
  | { readonly kind: "large"; readonly bytes: number };

/** Takes a log's lines one by one, keeps ours, gives back the step's. */
export class FrameFilter {
  readonly #mark: string;
  readonly files = new Map<number, OutputFile>();
  result: Buffer | undefined;
  exitCode: number | undefined;
  /** What it said last of its progress; a text that is no N/M is passed over. */
  progress: string | undefined;
  /** Everything is here. */
  complete = false;
  #heldEmpty = false;
  #into: { readonly parts: Buffer[]; readonly done: (bytes: Buffer) => void } | undefined;
  #kept = 0;

  constructor(mark: string) {
    this.#mark = mark;
  }

  /** The step's own lines that are sure by now: an empty one is held back until the next line shows whose it is. */
  take(line: string): readonly string[] {
    if (line.startsWith(this.#mark)) {
      this.#heldEmpty = false;
      this.#read(line.slice(this.#mark.length));
      return [];
    }
    const out = this.#heldEmpty ? [""] : [];
    this.#heldEmpty = line === "";
    if (line !== "") out.push(line);
    return out;
  }

  /** The log has ended: what was held back was the step's. */
  flush(): readonly string[] {
    const held = this.#heldEmpty;
    this.#heldEmpty = false;
    return held ? [""] : [];
  }

  #read(text: string): void {
    const [word = "", first = "", second = ""] = text.split(" ");
    if (word === "b" || word === "x") {
      this.#add(word, text.slice(2));
      return;
    }
    this.#close();
    const index = Number(first);
    if (word === "progress" && parseProgress(first) !== undefined) this.progress = first;
    if (word === "begin") this.exitCode = Number(first);
    else if (word === "result")
      this.#open((bytes) => {
        this.result = bytes;
      });
    else if (word === "file") this.#open((bytes) => this.files.set(index, { kind: "value", bytes }));
    else if (word === "missing") this.files.set(index, { kind: "missing" });
    else if (word === "large") this.files.set(index, { kind: "large", bytes: Number(second) });
    else if (word === "end") this.complete = true;
  }

  #open(done: (bytes: Buffer) => void): void {
    this.#into = { parts: [], done };
  }

  #add(coding: "b" | "x", text: string): void {
    const bytes = coding === "b" ? Buffer.from(text, "base64") : Buffer.from(text.replaceAll(" ", ""), "hex");
    this.#kept += bytes.length;
    if (this.#kept <= frameMaxBytes) this.#into?.parts.push(bytes);
  }

  #close(): void {
    this.#into?.done(Buffer.concat(this.#into.parts));
    this.#into = undefined;
  }
}
