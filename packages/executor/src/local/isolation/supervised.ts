// A supervisor as its parent sees it. It has a session of its own, and files for its output: it outlives us.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Duplex } from "node:stream";
import { LocalError } from "../../errors.ts";
import type { IsolationName } from "./isolation.ts";

export interface Supervised {
  /** Resolves when the step's exit file is there or will never be; with the supervisor's exit code where it is known. */
  readonly ended: Promise<number | undefined>;
}

export interface SupervisorOptions {
  readonly argv: readonly string[];
  /** Its working folder; it gets the files `stdout` and `stderr` there. */
  readonly ground: string;
  readonly env: Readonly<Record<string, string>>;
  /**
   * Whether it has a gate (a socket as its standard input, at which it waits for its step) and a bell (fd 3, by which
   * it tells the end before its processes have been cleared away).
   */
  readonly gate: boolean;
  readonly isolation: IsolationName;
}

export interface Supervisor extends Supervised {
  readonly child: ChildProcess;
  /** Resolves once it runs. Errors: LOCAL_SANDBOX_FAILED. */
  readonly spawned: Promise<void>;
}

export function spawnSupervisor({ argv, ground, env, gate, isolation }: SupervisorOptions): Supervisor {
  const [program = "", ...args] = argv;
  const files = ["stdout", "stderr"].map((name) => openSync(join(ground, name), "a", 0o600));
  const child = spawn(program, args, {
    cwd: ground,
    env,
    detached: true,
    stdio: gate ? ["pipe", ...files, "pipe"] : ["ignore", ...files],
  });
  for (const file of files) closeSync(file);
  child.unref();
  const spawned = new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (cause) =>
      reject(LocalError.SANDBOX_FAILED({ isolation, reason: cause.message }, cause)),
    );
  });
  spawned.catch(() => {}); // whoever launches the step hears of it
  return { child, spawned, ended: untilEnded(child) };
}

function untilEnded(child: ChildProcess): Promise<number | undefined> {
  return new Promise((resolve) => {
    child.once("exit", (code) => resolve(code ?? undefined));
    child.once("error", () => resolve(undefined));
    for (const socket of [child.stdin, child.stdio[3]] as readonly (Duplex | null | undefined)[]) {
      // A supervisor that is gone breaks its sockets: its end is told by `exit`.
      socket?.on("error", () => {});
      (socket as { unref?: () => void } | null | undefined)?.unref?.();
    }
    (child.stdio[3] as Duplex | null | undefined)?.once("data", () => resolve(undefined));
  });
}
