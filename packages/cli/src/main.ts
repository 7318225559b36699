#!/usr/bin/env node
import { isAppError, messageOf } from "@sluice/base";
import { makeProgram } from "./program.ts";
import { printable } from "./render/text.ts";
import { plainSwitches } from "./words/switches.ts";

// The entry of the `sluice` command: signals, exit codes and the last word on errors.
const stop = new AbortController();
let signals = 0;
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.on(name, () => {
    signals += 1;
    // A second signal means: now.
    if (signals > 1) process.exit(name === "SIGINT" ? 130 : 143);
    stop.abort(new Error(name));
    // What does not let go must not keep the process: everything that matters is stored before it is acknowledged.
    setTimeout(() => {
      process.stderr.write("sluice: stopping took more than 30 s; ended at once\n");
      process.exit(1);
    }, 30_000).unref();
  });
}
// `sluice list | head` closes our output early; that is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : 1));

const program = makeProgram(process.env, stop.signal);
const argv = plainSwitches(program, process.argv);
const json = argv.includes("--json");

try {
  await program.parseAsync(argv);
} catch (error) {
  if (stop.signal.aborted && (error === stop.signal.reason || messageOf(error).includes("abort")))
    process.exitCode = 130;
  else {
    process.exitCode = exitCodeOf(error);
    report(error);
  }
}

/** 1: it was tried and failed; 2: it was asked for wrongly. */
function exitCodeOf(error: unknown): number {
  return isAppError(error) && ["CLI_USAGE", "CLI_FILE_UNREADABLE", "CLI_CONFIG"].includes(error.code) ? 2 : 1;
}

function report(error: unknown): void {
  if (json && isAppError(error)) {
    process.stderr.write(
      `${JSON.stringify({ code: error.code, message: error.message, hint: error.hint, details: error.details })}\n`,
    );
    return;
  }
  if (!isAppError(error)) {
    process.stderr.write(
      `sluice: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    );
    return;
  }
  // Messages may quote what a step or a sender wrote.
  process.stderr.write(printable(`sluice: ${error.message}  (${error.code})\n`));
  if (error.hint !== "") process.stderr.write(printable(`  hint: ${error.hint}\n`));
}
