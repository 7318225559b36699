// Which steps were begun, on disk: step folders in memory are gone after a restart of the machine, and a step that ran
// before it must be told as lost, never run again as if it had not begun.
// Owns:      `<stateDir>/begun`, one line a step: "<boot id> <step id>".
import { closeSync, existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { writeWhole } from "./step/whole-file.ts";

/** The file is written anew, with the steps that are still known, when it has grown by this many lines. */
const maxLines = 50_000;

export class BegunLog {
  readonly #path: string;
  readonly #bootId: string;
  #file: number | undefined;
  #lines = 0;

  constructor(path: string, bootId: string) {
    this.#path = path;
    this.#bootId = bootId;
  }

  /** Before the step is spawned. One small append: it costs microseconds, and no new file. */
  add(stepId: string, known: () => Iterable<string>): void {
    if (this.#lines >= maxLines) this.retain(new Set(known()));
    this.#file ??= openSync(this.#path, "a", 0o600);
    writeSync(this.#file, `${this.#bootId} ${stepId}\n`);
    this.#lines += 1;
  }

  /** Steps that were begun before the machine was started the last time. */
  earlier(): ReadonlySet<string> {
    return new Set(this.#read().flatMap(({ boot, id }) => (boot === this.#bootId ? [] : [id])));
  }

  /** Forgets all but these. */
  retain(stepIds: ReadonlySet<string>): void {
    this.close();
    const kept = this.#read().filter(({ id }) => stepIds.has(id));
    writeWhole(this.#path, kept.map(({ boot, id }) => `${boot} ${id}\n`).join(""));
    this.#lines = kept.length;
  }

  close(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  /** What follows the last newline was torn by a crash of the machine, and is no line. */
  #read(): readonly { readonly boot: string; readonly id: string }[] {
    if (!existsSync(this.#path)) return [];
    const lines = readFileSync(this.#path, "utf8").split("\n").slice(0, -1);
    return lines.flatMap((line) => {
      const [boot = "", id = ""] = line.split(" ");
      return id === "" ? [] : [{ boot, id }];
    });
  }
}
