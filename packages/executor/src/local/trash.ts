// What is removed leaves its place at once and the disk later: many folders with one program, at a quiet moment.
// Owns:      `<stateDir>/trash`.
import { spawn } from "node:child_process";
import { readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Random, sleepFor } from "@sluice/base";

/** How long folders are gathered, ms. */
const gatherMs = 500;

/** A folder of a step that is not root's may hold folders without any permission, such as an overlay's inner one. */
const removeScript = `rm -rf -- "$@" 2>/dev/null || { chmod -R u+rwx -- "$@"; rm -rf -- "$@"; }`;

export class Trash {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #path: string;
  readonly #closing = new AbortController();
  #emptying: Promise<void> | undefined;

  constructor(options: {
    readonly trashDir: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly path: string;
  }) {
    this.#dir = options.trashDir;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#path = options.path;
    if (this.#names().length > 0) this.#soon();
  }

  /** The folder is gone from its place when this returns; one that is not there is no error. */
  put(folder: string): void {
    try {
      renameSync(folder, join(this.#dir, this.#random.id()));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
      throw error;
    }
    this.#soon();
  }

  /** Removes what is left. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#emptying;
  }

  #soon(): void {
    this.#emptying ??= this.#empty().finally(() => {
      this.#emptying = undefined;
    });
  }

  async #empty(): Promise<void> {
    do {
      await sleepFor(this.#clock, gatherMs, this.#closing.signal);
      await this.#remove(this.#names().slice(0, 1_000));
    } while (this.#names().length > 0 && !this.#closing.signal.aborted);
  }

  #names(): readonly string[] {
    try {
      return readdirSync(this.#dir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return []; // the whole data folder was removed
      throw error;
    }
  }

  #remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return Promise.resolve();
    const child = spawn("nice", ["/bin/sh", "-c", removeScript, "remove", ...names], {
      cwd: this.#dir,
      env: { PATH: this.#path },
      stdio: "ignore",
    });
    return new Promise((resolve) => {
      child.once("error", () => resolve());
      child.once("exit", () => resolve());
    });
  }
}
