// The words of the commands on workflows.
import { type Command, Option } from "commander";
import { type Call, collect, output } from "./call.ts";

export function workflowCommands(program: Command, call: Call): void {
  const workflow = async () => import("../commands/workflow/workflow.ts");
  program
    .command("submit")
    .description("submit workflows")
    .argument("[files...]", "manifests; - is standard input")
    .option("--from <kind/name>", "from workflowtemplate/x, clusterworkflowtemplate/x or cronworkflow/x")
    .option("-p, --parameter <name=value>", "a workflow parameter (repeatable)", collect, [])
    .option("--entrypoint <template>", "start at another template")
    .option("--name <name>", "name of the workflow")
    .option("--generate-name <prefix>", "prefix of its name")
    .option("-f, --parameter-file <file>", "parameters in YAML or JSON, by name; -p wins")
    .option("-l, --labels <labels>", "labels, name=value,…")
    .option("--annotations <annotations>", "annotations, name=value,…")
    .option("--serviceaccount <name>", "the service account of its pods")
    .option("--priority <number>", "the higher, the earlier")
    .option("-w, --wait", "wait for its end; the exit code tells how it ended")
    .option("--watch", "draw its tree until it ends")
    .option("--log", "print its output until it ends")
    .option("--dry-run", "print what would be submitted")
    .option("--server-dry-run", "have the server check it, start nothing, and print it")
    .addOption(output())
    .action(call(async () => (await import("../commands/workflow/submit.ts")).submit));
  program
    .command("list")
    .alias("ls")
    .description("list workflows")
    .option("-A, --all-namespaces", "of every namespace")
    .option("--status <phases>", "only these phases, comma-separated")
    .option("--running", "only those that have not ended")
    .option("--completed", "only those that have ended")
    .option("-l, --selector <selector>", "label selector")
    .option("--prefix <text>", "names that begin so")
    .option("--since <duration>", "made within the last 2h, 7d …")
    .option("--older <duration>", "ended longer ago than 2h, 7d …")
    .option("--template <name>", "runs of this template or cron workflow")
    .option("--cause <event>", "started by this event: its id, source or source/event")
    .option("--limit <number>", "at most so many", "200")
    .addOption(output())
    .action(call(async () => (await workflow()).list));
  program
    .command("get")
    .description("show a workflow and the tree of its steps; @latest is the newest")
    .argument("<name>")
    .addOption(output())
    .action(call(async () => (await workflow()).get));
  program
    .command("watch")
    .description("draw a workflow's tree until it ends")
    .argument("<name>")
    .action(call(async () => (await workflow()).watch));
  program
    .command("wait")
    .description("wait for the end of workflows; the exit code tells how they ended")
    .argument("<names...>")
    .action(call(async () => (await workflow()).wait));
  program
    .command("cp")
    .description("copy the artifacts of a workflow's steps into a folder")
    .argument("<name>")
    .argument("<folder>")
    .option("--node-id <id>", "only of this node")
    .option("--template-name <name>", "only of this template")
    .option("--artifact-name <name>", "only those of this name")
    .option(
      "--path <pattern>",
      "place of each in the folder",
      "{namespace}/{workflowName}/{nodeId}/outputs/{artifactName}",
    )
    .action(call(async () => (await import("../commands/workflow/copy.ts")).copy));
  program
    .command("logs")
    .description("print what steps wrote")
    .argument("<name>")
    .argument("[node]", "only this node's, by id or display name")
    .option("-f, --follow", "go on until the workflow ends")
    .option("--grep <text>", "only lines with this text")
    .option("--tail <number>", "only the last lines")
    .option("--timestamps", "print when each line was written")
    .option("--no-prefix", "print the lines alone")
    .action(call(async () => (await import("../commands/workflow/logs.ts")).logs));
  verbCommands(program, call);
  lintCommand(program, call);
  simulationCommands(program, call);
}

function verbCommands(program: Command, call: Call): void {
  const verbs = async () => import("../commands/workflow/verbs.ts");
  const selector = "only these waiting nodes: displayName=approve,…";
  program
    .command("stop")
    .description("stop workflows: running steps end, exit handlers run")
    .argument("<names...>")
    .option("--message <text>", "why")
    .option("--node-field-selector <selector>", selector)
    .action(call(async () => (await verbs()).verb("stop")));
  program
    .command("terminate")
    .description("terminate workflows at once, without exit handlers")
    .argument("<names...>")
    .option("--message <text>", "why")
    .action(call(async () => (await verbs()).verb("terminate")));
  program
    .command("suspend")
    .description("start no new steps until resumed")
    .argument("<names...>")
    .action(call(async () => (await verbs()).verb("suspend")));
  program
    .command("resume")
    .description("go on with suspended workflows and suspend steps")
    .argument("<names...>")
    .option("--node-field-selector <selector>", selector)
    .action(call(async () => (await verbs()).verb("resume")));
  again(
    program.command("retry").description("go on with workflows that failed: what went well is not run again"),
  )
    .option(
      "--restart-successful",
      "with the selector: nodes that succeeded, and what followed them, run again",
    )
    .option("--node-field-selector <selector>", "which of those: displayName=build,…")
    .action(call(async () => (await verbs()).again("retry")));
  again(program.command("resubmit").description("run the manifests of workflows once more"))
    .option("--memoized", "take over what went well (of workflows that failed)")
    .action(call(async () => (await verbs()).again("resubmit")));
  program
    .command("delete")
    .description("delete workflows: running ones are terminated first")
    .argument("[names...]")
    .option("--completed", "all that have ended")
    .option("--all", "all of them")
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
    .option("--message <text>", "what is shown beside it")
    .action(call(async () => (await verbs()).setNode));
}

/** What `retry` and `resubmit` share. */
const again = (command: Command): Command =>
  command
    .argument("<names...>")
    .option("-p, --parameter <name=value>", "another value of a workflow parameter (repeatable)", collect, [])
    .option("-w, --wait", "wait for its end; the exit code tells how it ended")
    .option("--watch", "draw its tree until it ends")
    .option("--log", "print its output until it ends");

function lintCommand(program: Command, call: Call): void {
  program
    .command("lint")
    .description("check manifests; collects every problem with its place")
    .argument("<files...>", "manifests or folders; - is standard input")
    .option("--offline", "without a server: references to applied objects are not checked")
    .option("--strict", "warnings count as errors")
    .addOption(new Option("-o, --output <format>", "how to print it").choices(["pretty", "simple", "json"]))
    .action(call(async () => (await import("../commands/manifests/lint.ts")).lint));
}

function simulationCommands(program: Command, call: Call): void {
  program
    .command("simulate")
    .description("show what a workflow would do, without running a step")
    .argument("<files...>", "the workflow, and what it refers to; - is standard input")
    .option("-p, --parameter <name=value>", "a workflow parameter (repeatable)", collect, [])
    .option("--name <name>", "the workflow, where the files have several")
    .option("--result <name=text>", "what a step or template prints (repeatable)", collect, [])
    .option("--fail <name>", "a step or template that fails (repeatable)", collect, [])
    .option("--mocks <file>", "take the mocks of a test file")
    .option("--steps", "print each step's command, in the order of their start")
    .action(call(async () => (await import("../commands/simulate/simulate.ts")).simulateCommand));
  program
    .command("test")
    .description("run tests of workflows against mocked step results, in milliseconds")
    .argument("<paths...>", "test files, or folders with *.test.yaml")
    .option("--junit <file>", "write the results as JUnit XML")
    .option("-t, --test-name <text>", "only tests whose name has this text")
    .action(call(async () => (await import("../commands/simulate/test.ts")).test));
}
