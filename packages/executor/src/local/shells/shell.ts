// A small shell that starts programs for us, one after another. To start a program from this large process costs
// milliseconds, in which it does nothing else; to start one from a shell of one megabyte costs a tenth of one.
// Owns:      the shell's process, and its two channels: commands (its standard input), and side (fd 3) by which a task
//            is given more later, and ends are told.
// Invariants
//   H1. A command is read as a whole or not executed: what was cut off because we died ends the shell.
//   H2. One task at a time, in the foreground: its programs have all signals at their defaults, and are waited for.
//   H3. What a task is told comes through channels, never in an argument list.
//   H4. A shell ends when we do, once its task is done. A task does not: it has files for its output, and holds no channel.
//   H5. A shell says that it has begun a command before it begins it. One that does not within `answerMs` (stopped, or
//       starved) is killed: its task is untold then, and whether it had begun all the same is for the step's claim to say.
import { type ChildProcess, spawn } from "node:child_process";
import type { Duplex, Writable } from "node:stream";
import { type Clock, sleepFor } from "@sluice/base";
import { childrenOf, familyOf, signalTo } from "../step/process-table.ts";

/** How a task ended. */
export type TaskEnd =
  /** By itself, with this exit code; without one where it told its end before it was quite over. */
  | { readonly kind: "over"; readonly code?: number }
  /** The shell is gone, and all of the task that could tell: what it had started may still run, or may not have begun. */
  | { readonly kind: "untold" };

export interface Task {
  /** Resolves when the task says that it has ended, at the latest when it is over. */
  readonly ended: Promise<TaskEnd>;
  /** Resolves when all of its processes in the foreground are gone. */
  readonly over: Promise<TaskEnd>;
}

export interface ShellOptions {
  /** Functions that tasks call. */
  readonly prelude: string;
  readonly path: string;
  readonly clock: Clock;
  /** A POSIX shell that reads commands from its standard input with `-s`; default `/bin/sh`. */
  readonly program?: readonly [string, ...string[]];
}

interface Running {
  /** Ends the wait for its beginning. */
  readonly begun: AbortController;
  readonly ended: PromiseWithResolvers<TaskEnd>;
  readonly over: PromiseWithResolvers<TaskEnd>;
}

/** A shell answers within a millisecond; a machine with far more work than cores may need a second, ms. */
export const answerMs = 10_000;

/** H1: a shell executes nothing of a group before it has read its end. */
export const wholeCommand = (command: string): string =>
  `{\necho begun >&3\n${command}\necho "over $?" >&3\n}\n`;

const handled = "HUP INT QUIT TERM ALRM USR1 USR2";

export class Shell {
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  readonly #commands: Writable;
  readonly #side: Duplex;
  /** Resolves once it runs. Rejects with the system's error. */
  readonly spawned: Promise<void>;
  readonly gone: Promise<void>;
  #running: Running | undefined;
  #isGone = false;
  #said = "";

  constructor({ prelude, path, clock, program = ["/bin/sh"] }: ShellOptions) {
    this.#clock = clock;
    const [file, ...words] = program;
    this.#child = spawn(file, [...words, "-s", "sluice-steps"], {
      cwd: "/",
      env: { PATH: path },
      // A session of its own: what ends us from a terminal does not end the steps.
      detached: true,
      stdio: ["pipe", "ignore", "ignore", "pipe"],
    });
    this.#commands = this.#child.stdin as Writable;
    this.#side = this.#child.stdio[3] as Duplex;
    this.spawned = new Promise((resolve, reject) => {
      this.#child.once("spawn", resolve).once("error", reject);
    });
    this.gone = new Promise((resolve) => {
      for (const event of ["exit", "error"])
        this.#child.once(event, () => {
          this.#isGone = true;
          resolve();
        });
    });
    // Not before those that have the channel from the shell are gone, too.
    this.#side.once("close", () => this.#left());
    this.spawned.catch(() => {}); // whoever uses the shell hears of it
    this.#child.unref();
    for (const channel of [this.#commands, this.#side]) {
      channel.on("error", () => {}); // it is gone: `exit` tells
      (channel as { unref?: () => void }).unref?.();
    }
    this.#side.setEncoding("utf8").on("data", (text: string) => this.#hear(text));
    // A handler for itself is no handler for its children: a task that signals its own process group does not reach it.
    this.#commands.write(`trap : ${handled}\n${prelude}`);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  /** The process of the task that runs, once the shell has made it. */
  get childPid(): number | undefined {
    return this.#child.pid === undefined ? undefined : childrenOf(this.#child.pid)[0];
  }

  /** `command` is one command of `prelude`, or of the shell. */
  run(command: string): Task {
    const running: Running = {
      begun: new AbortController(),
      ended: Promise.withResolvers(),
      over: Promise.withResolvers(),
    };
    void running.over.promise.then((end) => {
      running.begun.abort();
      running.ended.resolve(end);
    });
    if (this.#isGone) running.over.resolve({ kind: "untold" });
    else {
      this.#running = running;
      this.#commands.write(wholeCommand(command));
      void this.#watchBeginning(running);
    }
    return { ended: running.ended.promise, over: running.over.promise };
  }

  /** H5. A process that is stopped can be killed, and only that. */
  async #watchBeginning({ begun }: Running): Promise<void> {
    await sleepFor(this.#clock, answerMs, begun.signal);
    if (!begun.signal.aborted) this.#child.kill("SIGKILL");
  }

  /** More for the task that runs, which reads it from fd 3. */
  tell(text: string): void {
    this.#side.write(text);
  }

  /** Ends it at once, with all that its task runs: also what is stopped, which hears nothing else. */
  kill(): void {
    const { pid: own, exitCode, signalCode } = this.#child;
    if (own === undefined || exitCode !== null || signalCode !== null) return;
    for (const pid of familyOf(own)) signalTo(pid, "SIGKILL");
  }

  /** It ends when its task is over; a task that waits to be told something is told that nothing comes. */
  close(): void {
    this.#running?.begun.abort();
    this.#commands.destroy();
    this.#side.destroy();
  }

  #hear(text: string): void {
    const lines = (this.#said + text).split("\n");
    this.#said = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "begun") {
        this.#running?.begun.abort();
        continue;
      }
      const code = /^over (\d+)$/.exec(line)?.[1];
      if (code === undefined) this.#running?.ended.resolve({ kind: "over" });
      else {
        const running = this.#running;
        this.#running = undefined;
        running?.over.resolve({ kind: "over", code: Number(code) });
      }
    }
  }

  #left(): void {
    this.#isGone = true;
    this.#running?.over.resolve({ kind: "untold" });
    this.close();
  }
}
