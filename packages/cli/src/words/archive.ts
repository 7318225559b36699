// The words of the commands on finished workflows, which are found by uid too.
import type { Command } from "commander";
import { againOptions, resubmitOptions } from "./again.ts";
import { type Call, output, selectors } from "./call.ts";

export function archiveCommands(program: Command, call: Call): void {
  const archive = async () => import("../commands/archive/archive.ts");
  const group = program.command("archive").description("workflows that have ended, by uid or name");
  selectors(group.command("list").alias("ls").description("list them, the newest first"))
    .option("--prefix <text>", "names that begin so")
    .option("--limit <number>", "at most so many", "200")
    .option("--chunk-size <number>", "ask the server for so many at a time; 0 = all at once", "0")
    .option("--no-headers", "without the line of titles")
    .addOption(output())
    .addHelpText("after", "\nExample: sluice archive list -l team=blue -o wide")
    .action(call(async () => (await archive()).list));
  group
    .command("get")
    .description("show them and the trees of their steps")
    .argument("<uids...>", "uids, or names of the namespace")
    .addOption(output())
    .addHelpText("after", "\nExample: sluice archive get 8f3ac1d2-07b1-8c44-a0de-93b1f0a1c2d3")
    .action(call(async () => (await archive()).get));
  group
    .command("delete")
    .description("delete them")
    .argument("<uids...>", "uids, or names of the namespace")
    .action(call(async () => (await archive()).remove));
  for (const verb of ["retry", "resubmit"] as const) {
    const command = againOptions(
      group
        .command(verb)
        .description(
          verb === "retry"
            ? "go on with those that failed: what went well is not run again"
            : "run their manifests once more",
        )
        .argument("<uids...>", "uids, or names of the namespace"),
    );
    if (verb === "resubmit") resubmitOptions(command);
    else
      command
        .option("--restart-successful", "with the selector: nodes that succeeded run again too")
        .option("--node-field-selector <selector>", "which of those: displayName=build,…");
    command.action(call(async () => (await archive()).again(verb)));
  }
  group
    .command("list-label-keys")
    .description("the keys of their labels")
    .option("-A, --all-namespaces", "of every namespace")
    .action(call(async () => (await archive()).labelKeys));
  group
    .command("list-label-values")
    .description("the values of one of their labels")
    .requiredOption("-l, --selector <key>", "the label's key")
    .option("-A, --all-namespaces", "of every namespace")
    .addHelpText("after", "\nExample: sluice archive list-label-values -l workflows.argoproj.io/phase")
    .action(call(async () => (await archive()).labelValues));
}
