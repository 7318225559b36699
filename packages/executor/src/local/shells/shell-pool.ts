// Shells that start steps: as many as there are tasks at once, kept for a while for those to come.
// Owns:      every shell, until it is closed.
import { type Clock, sleepFor } from "@sluice/base";
import { Shell, type ShellOptions, type Task } from "./shell.ts";
import { Standbys } from "./standbys.ts";

/** Waiting shells beyond this many are ended; each holds a few hundred kilobytes. */
const maxWaiting = 16;
const keepMs = 60_000;

/**
 * Whoever replaces a shell that was killed asks for a fresh one: what killed one may have killed those beside it, and a
 * killed process is seen to be gone only some time later.
 */
export type Which = "any" | "fresh";

export class ShellPool implements AsyncDisposable {
  readonly #options: ShellOptions & { readonly clock: Clock };
  readonly #waiting: Standbys<Shell>;

  constructor(options: ShellOptions & { readonly clock: Clock }) {
    this.#options = options;
    const { clock } = options;
    this.#waiting = new Standbys({
      max: maxWaiting,
      keepMs,
      first: "newest",
      clock,
      isUsable: (shell) => !shell.isGone,
      giveBack: (shell) => this.end(shell),
    });
  }

  /**
   * One for the caller alone, until it is given back by `release`, or closed; `fresh` = one that was not there before.
   * Rejects when none can be started.
   */
  async take(which: Which = "any"): Promise<Shell> {
    const waiting = which === "any" ? this.#waiting.take() : undefined;
    const shell = waiting ?? new Shell(this.#options);
    await shell.spawned;
    return shell;
  }

  /** Only one whose task is over, and that has read all that it was told. */
  async release(shell: Shell): Promise<void> {
    if (!shell.isGone) await this.#waiting.put(shell);
  }

  /** Runs one command, which must need nothing more to be told. Rejects when no shell can be started. */
  async run(command: string, which: Which = "any"): Promise<Task> {
    const shell = await this.take(which);
    const task = shell.run(command);
    void task.over.then(({ kind }) => {
      if (kind === "over") void this.release(shell);
    });
    return task;
  }

  /** Ends those that wait; one with a task ends after it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#waiting[Symbol.asyncDispose]();
  }

  /** Ends a shell, and with it a task that waits to be told something. Resolves when it is gone. */
  async end(shell: Shell): Promise<void> {
    shell.close();
    // One that is stopped does not see that its channels are closed.
    if (!(await soon(shell.gone, this.#options.clock))) shell.kill();
  }
}

/** Waits for what takes milliseconds, and no longer than 5 s should the system not do its part: false then. */
export async function soon(done: Promise<unknown>, clock: Clock): Promise<boolean> {
  const enough = new AbortController();
  const isDone = done.then(() => true);
  const inTime = await Promise.race([isDone, sleepFor(clock, 5_000, enough.signal).then(() => false)]);
  enough.abort();
  return inTime;
}
