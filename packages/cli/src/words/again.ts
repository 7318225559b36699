// The words of `retry` and `resubmit`, of workflows and of those in the archive.
import type { Command } from "commander";
import { collect, output } from "./call.ts";

/** What both share. */
export const againOptions = (command: Command): Command =>
  command
    .option("-p, --parameter <name=value>", "another value of a workflow parameter (repeatable)", collect, [])
    .option("-w, --wait", "wait for its end; the exit code tells how it ended")
    .option("--watch", "draw its tree until it ends")
    .option("--log", "print its output until it ends")
    .addOption(output());

export const resubmitOptions = (command: Command): Command =>
  command
    .option("--memoized", "take over what went well (of workflows that failed)")
    .option("--priority <number>", "the higher, the earlier");
