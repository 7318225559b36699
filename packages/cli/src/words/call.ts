import { type Command, Option } from "commander";
import type { CliContext } from "../context.ts";

export type Handler = (context: CliContext, args: readonly string[], options: never) => Promise<void>;

/** What a command does, loaded only when it is called. */
export type Call = (load: () => Promise<Handler>) => (...all: unknown[]) => Promise<void>;

export const output = (...more: readonly string[]): Option =>
  new Option("-o, --output <format>", "how to print it").choices(["json", "yaml", "wide", "name", ...more]);

/** Of a lint: findings as a person reads them, one a line, or as data. */
export const lintOutput = (): Option =>
  new Option("-o, --output <format>", "how to print it").choices(["pretty", "simple", "json"]);

/** For options that may be given more than once. */
export const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Label and field selector, in every command that takes several workflows. */
export const selectors = (command: Command): Command =>
  command
    .option("-l, --selector <selector>", "label selector: a=b,c!=d,e in (f,g),h,!i")
    .option(
      "--field-selector <selector>",
      "metadata.name, metadata.namespace, metadata.uid, status.phase with = or !=",
    )
    .option("-A, --all-namespaces", "of every namespace");

/** The options that choose workflows instead of names. */
export const chosen = (command: Command): Command =>
  selectors(command)
    .option("--status <phases>", "only these phases, comma-separated")
    .option("--completed", "only those that have ended")
    .option("--resubmitted", "only those that were resubmitted from another")
    .option("--prefix <text>", "names that begin so")
    .option("--since <duration>", "made within the last 2h, 7d …")
    .option("--older <duration>", "ended longer ago than 2h, 7d …");

export const dryRun = (command: Command, verb: string): Command =>
  command.option("--dry-run", `say which workflows it would ${verb}, and do nothing`);
