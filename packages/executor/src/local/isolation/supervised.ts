// A supervisor of its own process, as its parent sees it. It has a session of its own, and files for its output.
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { LocalError } from "../../errors.ts";
import type { TaskEnd } from "../shells/shell.ts";
import type { IsolationName } from "./isolation.ts";

export interface Supervised {
  /** Resolves when the step's exit file is there or will never be, or when nobody is left who could say so. */
  readonly ended: Promise<TaskEnd>;
}

export interface SupervisorOptions {
  readonly argv: readonly string[];
  /** Its working folder; it gets the files `stdout` and `stderr` there. */
  readonly ground: string;
  readonly env: Readonly<Record<string, string>>;
  readonly isolation: IsolationName;
}

/** Resolves once it runs. Errors: LOCAL_SANDBOX_FAILED. */
export function spawnSupervisor({ argv, ground, env, isolation }: SupervisorOptions): Promise<Supervised> {
  const [program = "", ...args] = argv;
  const files = ["stdout", "stderr"].map((name) => openSync(join(ground, name), "a", 0o600));
  const child = spawn(program, args, { cwd: ground, env, detached: true, stdio: ["ignore", ...files] });
  for (const file of files) closeSync(file);
  child.unref();
  const ended = new Promise<TaskEnd>((resolve) => {
    child.once("exit", (code) => resolve({ kind: "over", ...(code === null ? {} : { code }) }));
  });
  return new Promise((resolve, reject) => {
    child.once("spawn", () => resolve({ ended }));
    child.once("error", (cause) =>
      reject(LocalError.SANDBOX_FAILED({ isolation, reason: cause.message }, cause)),
    );
  });
}
