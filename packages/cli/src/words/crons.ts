// The words of the commands on cron workflows.
import type { Command } from "commander";
import { type Call, collect, lintOutput, output } from "./call.ts";

export function cronCommands(program: Command, call: Call): void {
  const cron = async () => import("../commands/cron/cron.ts");
  const group = program.command("cron").description("workflows that start by the clock");
  for (const verb of ["create", "update"] as const)
    group
      .command(verb)
      .description(`${verb} cron workflows`)
      .argument("<files...>", "manifests; - is standard input")
      .option("--schedule <schedule>", "in place of the manifest's schedules")
      .option("--name <name>", "name of the cron workflow")
      .option("--generate-name <prefix>", "begin the name so; the rest of it is made")
      .option("-p, --parameter <name=value>", "an argument of its workflows (repeatable)", collect, [])
      .option("-l, --labels <labels>", "labels, name=value,…")
      .addOption(output())
      .action(call(async () => (await cron()).store(verb)));
  group
    .command("list")
    .alias("ls")
    .description("list cron workflows with their last and next run")
    .option("-A, --all-namespaces", "of every namespace")
    .option("-l, --selector <selector>", "label selector")
    .addOption(output())
    .action(call(async () => (await cron()).list));
  group
    .command("get")
    .description("show a cron workflow: its state, its runs under way, when it runs next")
    .argument("<name>")
    .addOption(output())
    .action(call(async () => (await cron()).get));
  group
    .command("delete")
    .description("delete cron workflows; their runs stay")
    .argument("[names...]")
    .option("--all", "all of them")
    .action(call(async () => (await cron()).remove));
  group
    .command("suspend")
    .description("start no runs until resumed")
    .argument("<names...>")
    .action(call(async () => (await cron()).setRunning("suspend")));
  group
    .command("resume")
    .description("go on after a suspension, or after its stopStrategy stopped it")
    .argument("<names...>")
    .action(call(async () => (await cron()).setRunning("resume")));
  group
    .command("lint")
    .description("check manifests of cron workflows")
    .argument("<files...>", "manifests or folders; - is standard input")
    .option("--offline", "without a server")
    .option("--strict", "warnings count as errors")
    .addOption(lintOutput())
    .action(call(async () => (await cron()).lint));
  backfillCommand(group, call);
}

function backfillCommand(group: Command, call: Call): void {
  group
    .command("backfill")
    .description("run the scheduled times of a span in the past; what ran before is not run again")
    .argument("<name>")
    .requiredOption("--start <time>", "date or RFC 3339 time; the first that counts")
    .option("--end <time>", "the last that counts (default now)")
    .option("--parallel <count>", "runs at once: a number, true (10) or false (1)", "true")
    .option(
      "--argname <name>",
      "workflow parameter that gets the scheduled time; '' for none",
      "cronScheduleTime",
    )
    .option("--format <layout>", "Go layout of that time", "Mon, 02 Jan 2006 15:04:05 MST")
    .option("--maxworkflowcount <count>", "most runs of one call", "1000")
    .option("--name <name>", "name of the backfill: value of a label of its runs (default the cron's name)")
    .option("--again", "run also what ran before: once for each --name")
    .option("--dry-run", "print the scheduled times")
    .option(
      "--detach",
      "leave it to the server, which goes on with it over restarts; `cron backfills` shows it",
    )
    .addHelpText(
      "after",
      "\nExample: sluice cron backfill nightly --start 2025-01-01 --end 2025-01-31 --parallel 4 --detach",
    )
    .action(call(async () => (await import("../commands/cron/backfill.ts")).backfill));
  group
    .command("backfills")
    .description("show the backfills that the server carries out, and how far they are")
    .argument("<name>", "the cron workflow")
    .option("--stop <backfill>", "start nothing more of this one; what is under way goes on")
    .addHelpText("after", "\nExample: sluice cron backfills nightly --stop january")
    .action(call(async () => (await import("../commands/cron/backfill.ts")).backfills));
}
