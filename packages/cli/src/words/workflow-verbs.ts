// The words of the commands that do something to workflows that are there.
import { type Command, Option } from "commander";
import { againOptions, resubmitOptions } from "./again.ts";
import { type Call, chosen, collect, dryRun } from "./call.ts";

const selector =
  "which nodes: displayName=approve,… (templateName, templateRef.name, templateRef.template, phase, name, id, inputs.parameters.NAME.value)";

export function verbCommands(program: Command, call: Call): void {
  const verbs = async () => import("../commands/workflow/verbs.ts");
  const verb = (name: string, description: string, examples: string): Command =>
    dryRun(chosen(program.command(name).description(description).argument("[names...]")), name).addHelpText(
      "after",
      `\nOf workflows that options choose, only those that have not ended.\n\nExamples:\n${examples}`,
    );
  verb(
    "stop",
    "stop workflows: running steps end, exit handlers run",
    "  sluice stop nightly-x7k2p --message 'not needed'\n  sluice stop -l team=blue --dry-run",
  )
    .option("--message <text>", "why")
    .option("--node-field-selector <selector>", `only these waiting nodes fail; ${selector}`)
    .action(call(async () => (await verbs()).verb("stop")));
  verb(
    "terminate",
    "terminate workflows: running steps end, without exit handlers",
    "  sluice terminate @latest\n  sluice terminate -A --field-selector status.phase=Pending",
  )
    .option("--message <text>", "why")
    .action(call(async () => (await verbs()).verb("terminate")));
  verb(
    "suspend",
    "start no new steps until resumed",
    "  sluice suspend nightly-x7k2p\n  sluice suspend --prefix nightly-",
  ).action(call(async () => (await verbs()).verb("suspend")));
  verb(
    "resume",
    "go on with suspended workflows and suspend steps",
    "  sluice resume release-4 --node-field-selector displayName=approve\n  sluice resume -l team=blue",
  )
    .option("--node-field-selector <selector>", `only these waiting nodes; ${selector}`)
    .action(call(async () => (await verbs()).verb("resume")));
  againCommands(program, call);
  dryRun(
    chosen(
      program
        .command("delete")
        .description("delete workflows: running ones are terminated first")
        .argument("[names...]"),
    ),
    "delete",
  )
    .option("--all", "all of them")
    .option("--force", "as without it: nothing can hold a deletion up")
    .addHelpText(
      "after",
      "\nExamples:\n  sluice delete @latest\n  sluice delete --older 7d --status Succeeded --dry-run\n  sluice delete -A -l team=blue",
    )
    .action(call(async () => (await verbs()).remove));
  program
    .command("node")
    .description("nodes of a workflow")
    .command("set")
    .description("give a waiting suspend node its outputs, or its end")
    .argument("<name>")
    .option("-p, --output-parameter <name=value>", "an output parameter (repeatable)", collect, [])
    .option("--node-field-selector <selector>", selector)
    .addOption(new Option("--phase <phase>", "how it ends").choices(["Succeeded", "Failed", "Error"]))
    .option("-m, --message <text>", "what is shown beside it")
    .addHelpText(
      "after",
      "\nExample: sluice node set release-4 -p by=me --node-field-selector displayName=approve",
    )
    .action(call(async () => (await import("../commands/workflow/node-set.ts")).setNode));
}

function againCommands(program: Command, call: Call): void {
  const verbs = async () => import("../commands/workflow/again.ts");
  again(
    program.command("retry").description("go on with workflows that failed: what went well is not run again"),
    "retry",
  )
    .option(
      "--restart-successful",
      "with the selector: nodes that succeeded, and what followed them, run again",
    )
    .option("--node-field-selector <selector>", selector)
    .addHelpText(
      "after",
      "\nOf workflows that options choose, only those that failed (with --restart-successful: that ended).\n\nExamples:\n  sluice retry nightly-x7k2p --wait\n  sluice retry -l team=blue --since 1d\n  sluice retry x --restart-successful --node-field-selector templateName=build",
    )
    .action(call(async () => (await verbs()).again("retry")));
  resubmitOptions(
    again(program.command("resubmit").description("run the manifests of workflows once more"), "resubmit"),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  sluice resubmit nightly-x7k2p -p day=monday --log\n  sluice resubmit --memoized -l team=blue",
    )
    .action(call(async () => (await verbs()).again("resubmit")));
}

/** What `retry` and `resubmit` share. */
const again = (command: Command, name: string): Command =>
  againOptions(dryRun(chosen(command.argument("[names...]")), name));
