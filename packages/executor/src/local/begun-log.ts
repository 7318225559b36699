// Which steps were begun, on disk: step folders in memory are gone after a restart of the machine, and a step that ran
// before it must be told as lost, never run again as if it had not begun.
// Owns:      `<stateDir>/begun-steps/<boot id> <pid>`, one line a step: "<step id>"; each process writes a file of its own.
// Invariant
//   L1. A file of another process that lives is only read: several processes may share the state folder.
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { isRunning } from "./step/process-table.ts";
import { writeWhole } from "./step/whole-file.ts";

/** The file is written anew, with the steps that are still known, when it has grown by this many lines. */
const maxLines = 50_000;

interface BegunFile {
  readonly name: string;
  readonly boot: string;
  readonly pid: number;
}

export class BegunLog {
  readonly #dir: string;
  readonly #bootId: string;
  readonly #own: string;
  #file: number | undefined;
  #lines = 0;

  constructor(stateDir: string, bootId: string) {
    this.#dir = join(stateDir, "begun-steps");
    this.#bootId = bootId;
    this.#own = `${bootId} ${process.pid}`;
  }

  /** Before the step is spawned. One small append: it costs microseconds, and no new file. */
  add(stepId: string, isKnown: (stepId: string) => boolean): void {
    if (this.#lines >= maxLines) this.#rewrite(this.#own, isKnown);
    this.#file ??= this.#open();
    writeSync(this.#file, `${stepId}\n`);
    this.#lines += 1;
  }

  #open(): number {
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    return openSync(join(this.#dir, this.#own), "a", 0o600);
  }

  /** Steps that were begun before the machine was started the last time. */
  earlier(): ReadonlySet<string> {
    const files = this.#files().filter(({ boot }) => boot !== this.#bootId);
    return new Set(files.flatMap(({ name }) => this.#read(name)));
  }

  /** Forgets all but these, in our file and in those of processes that are gone. */
  retain(isKept: (stepId: string) => boolean): void {
    for (const { name, boot, pid } of this.#files()) {
      if (name !== this.#own && boot === this.#bootId && isRunning(pid)) continue;
      this.#rewrite(name, isKept);
    }
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #rewrite(name: string, isKept: (stepId: string) => boolean): void {
    if (name === this.#own) this.close();
    const kept = this.#read(name).filter(isKept);
    const path = join(this.#dir, name);
    if (kept.length === 0) rmSync(path, { force: true });
    else writeWhole(path, kept.map((id) => `${id}\n`).join(""));
    if (name === this.#own) this.#lines = kept.length;
  }

  #files(): readonly BegunFile[] {
    if (!existsSync(this.#dir)) return [];
    return readdirSync(this.#dir).flatMap((name) => {
      const [boot = "", pid = ""] = name.split(" ");
      return /^\d+$/.test(pid) ? [{ name, boot, pid: Number(pid) }] : [];
    });
  }

  /** What follows the last newline was torn by a crash of the machine, and is no line. */
  #read(name: string): readonly string[] {
    try {
      return readFileSync(join(this.#dir, name), "utf8").split("\n").slice(0, -1);
    } catch {
      return []; // another process has removed it
    }
  }
}
