import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isRunning } from "./step/process-table.ts";

/** One process's sign in a folder that several processes use, so that none takes it away under another. */
export class FolderUser {
  readonly #dir: string;
  readonly #sign: string;

  constructor(folder: string) {
    this.#dir = join(folder, "users");
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    // Several executors of one process are one user each.
    for (let n = 0; ; n++) {
      this.#sign = join(this.#dir, `${process.pid}-${n}`);
      if (existsSync(this.#sign)) continue;
      writeFileSync(this.#sign, "", { mode: 0o600 });
      return;
    }
  }

  /** True when nobody who lives uses the folder any more. */
  leave(): boolean {
    rmSync(this.#sign, { force: true });
    let isLast = true;
    for (const name of existsSync(this.#dir) ? readdirSync(this.#dir) : []) {
      if (isRunning(Number(name.split("-")[0]))) isLast = false;
      else rmSync(join(this.#dir, name), { force: true });
    }
    if (!isLast) return false;
    try {
      rmdirSync(this.#dir);
    } catch {
      return false; // someone came just now
    }
    return true;
  }
}
