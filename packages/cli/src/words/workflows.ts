// The words of the commands on workflows.
import type { Command } from "commander";
import { type Call, chosen, collect, lintOutput, output, selectors } from "./call.ts";
import { verbCommands } from "./workflow-verbs.ts";

export function workflowCommands(program: Command, call: Call): void {
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
    .option("--scheduled-time <time>", "what {{workflow.scheduledTime}} is: an RFC 3339 time")
    .option("--strict [yes]", "true: a field that is not known is an error; there is no other way")
    .option("-w, --wait", "wait for its end; the exit code tells how it ended")
    .option("--watch", "draw its tree until it ends")
    .option("--log", "print its output until it ends")
    .option("--dry-run", "print what would be submitted")
    .option("--server-dry-run", "have the server check it, start nothing, and print it")
    .option("--status <phases>", "with --watch: only nodes of these phases")
    .option("--node-field-selector <selector>", "with --watch: only these nodes, displayName=build,…")
    .addOption(output())
    .addHelpText(
      "after",
      "\nExamples:\n  sluice submit hello.yaml -p who=you --log\n  sluice submit --from workflowtemplate/build -f params.yaml --wait",
    )
    .action(call(async () => (await import("../commands/workflow/submit.ts")).submit));
  lookCommands(program, call);
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
  logsCommand(program, call);
  verbCommands(program, call);
  lintCommand(program, call);
  simulationCommands(program, call);
}

function lookCommands(program: Command, call: Call): void {
  const workflow = async () => import("../commands/workflow/workflow.ts");
  chosen(program.command("list").alias("ls").description("list workflows"))
    .option("--running", "only those that have not ended")
    .option("--template <name>", "runs of this template or cron workflow")
    .option("--cause <event>", "started by this event: its id, source or source/event")
    .option("--limit <number>", "at most so many", "200")
    .option("--chunk-size <number>", "ask the server for so many at a time; 0 = all at once", "0")
    .option("--no-headers", "without the line of titles")
    .addOption(output())
    .addHelpText(
      "after",
      "\nExamples:\n  sluice list --running -A\n  sluice list --status Failed,Error --since 1d -o wide",
    )
    .action(call(async () => (await workflow()).list));
  nodeView(
    selectors(
      program
        .command("get")
        .description("show workflows and the trees of their steps; @latest is the newest")
        .argument("[names...]"),
    ),
  )
    .addOption(output("short"))
    .addHelpText(
      "after",
      "\nExamples:\n  sluice get @latest\n  sluice get release-4 --status Failed\n  sluice get -l team=blue -o name",
    )
    .action(call(async () => (await workflow()).get));
  nodeView(
    program.command("watch").description("draw a workflow's tree until it ends").argument("<name>"),
  ).action(call(async () => (await workflow()).watch));
  selectors(
    program
      .command("wait")
      .description("wait for the end of workflows; the exit code tells how they ended")
      .argument("[names...]"),
  )
    .option("--prefix <text>", "names that begin so")
    .option("--ignore-not-found", "one that is not there is no error")
    .addHelpText("after", "\nExamples:\n  sluice wait @latest\n  sluice wait -l batch=7")
    .action(call(async () => (await workflow()).wait));
}

/** Which nodes of a tree are drawn, and how. */
const nodeView = (command: Command): Command =>
  command
    .option("--status <phases>", "only nodes of these phases, and what leads to them")
    .option(
      "--node-field-selector <selector>",
      "only these nodes: displayName=build,phase!=Succeeded, templateName, templateRef.name, templateRef.template, name, id, inputs.parameters.NAME.value",
    )
    .option("--no-utf8", "draw with ASCII alone");

function logsCommand(program: Command, call: Call): void {
  program
    .command("logs")
    .description("print what steps wrote")
    .argument("[name]", "a workflow; without it, those that the selectors choose")
    .argument("[node]", "only this node's, by id or display name")
    .option("-f, --follow", "go on until the workflow ends")
    .option("-c, --container <name>", "main: a step has one log", "main")
    .option("-p, --previous", "of steps that are tried again: the attempt before the newest")
    .option("--grep <pattern>", "only lines that match this regular expression")
    .option("--since <duration>", "only lines of the last 5s, 2m, 3h …")
    .option("--since-time <time>", "only lines from this RFC 3339 time on")
    .option("--tail <number>", "only the last lines")
    .option("--timestamps", "print when each line was written")
    .option("-l, --selector <selector>", "with a name: steps whose pods have these labels; else workflows")
    .option("--field-selector <selector>", "workflows: metadata.name, status.phase … with = or !=")
    .option("-A, --all-namespaces", "with selectors: of every namespace")
    .option("--no-prefix", "print the lines alone")
    .addHelpText(
      "after",
      "\nExamples:\n  sluice logs @latest -f\n  sluice logs release-4 build --since 10m --grep 'warn|error'\n  sluice logs -l team=blue --tail 5",
    )
    .action(call(async () => (await import("../commands/workflow/logs.ts")).logs));
}

function lintCommand(program: Command, call: Call): void {
  program
    .command("lint")
    .description("check manifests; collects every problem with its place")
    .argument("<files...>", "manifests or folders; - is standard input")
    .option("--offline", "without a server: references to applied objects are not checked")
    .option("--strict", "warnings count as errors")
    .option("--kinds <kinds>", "only these, comma-separated: workflows, cronwf, workflowtemplates …")
    .addOption(lintOutput())
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
