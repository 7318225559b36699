// What is removed leaves its place at once and the disk later: many folders with one program, at a quiet moment.
// Owns:      `<stateDir>/trash`.
import { existsSync, readdirSync, renameSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type Random, sleepFor } from "@sluice/base";
import type { ShellPool } from "./shells/shell-pool.ts";
import { removeCommand } from "./shells/supervisors.ts";

/** How long folders are gathered, ms. */
const gatherMs = 500;

export class Trash {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #shells: ShellPool;
  readonly #closing = new AbortController();
  #emptying: Promise<void> | undefined;

  constructor(options: {
    readonly trashDir: string;
    readonly clock: Clock;
    readonly random: Random;
    readonly shells: ShellPool;
  }) {
    this.#dir = options.trashDir;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#shells = options.shells;
    if (this.#names().length > 0) this.#soon();
  }

  /** The folder is gone from its place when this returns; one that is not there is no error. */
  put(folder: string): void {
    if (!existsSync(folder)) return;
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

  /** What cannot be removed now is tried again with what comes next. */
  async #remove(names: readonly string[]): Promise<void> {
    if (names.length === 0) return;
    const task = await this.#shells.run(removeCommand(this.#dir, names)).catch(() => undefined);
    await task?.over;
  }
}
