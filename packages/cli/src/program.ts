// Every command, its words and its options. What a command does is loaded only when it is called.
import { Command, type CommanderError, Option } from "commander";
import { type CliContext, type GlobalOptions, makeContext } from "./context.ts";
import { CliError } from "./errors.ts";
import { version } from "./version.ts";

type Handler = (context: CliContext, args: readonly string[], options: never) => Promise<void>;

const output = () =>
  new Option("-o, --output <format>", "how to print it").choices(["json", "yaml", "wide", "name"]);

export function makeProgram(env: NodeJS.ProcessEnv, signal: AbortSignal): Command {
  const program = new Command("sluice")
    .description("Events start container workflows, on Kubernetes or on this machine.")
    .version(version, "-V, --version")
    .option("-s, --server <url>", "the server (or SLUICE_SERVER)")
    .option("--token <token>", "bearer token (or SLUICE_TOKEN)")
    .option("-n, --namespace <name>", "namespace (or SLUICE_NAMESPACE)")
    .option("--json", "print JSON")
    .option("--no-color", "print without colours (or NO_COLOR)")
    .showSuggestionAfterError()
    .configureHelp({ showGlobalOptions: true })
    .exitOverride(onExit);

  /** Turns commander's arguments into a handler's: context, positional arguments, options. */
  const call =
    (load: () => Promise<Handler>) =>
    async (...all: unknown[]): Promise<void> => {
      const command = all.at(-1) as Command;
      const context = makeContext(command.optsWithGlobals() as GlobalOptions, env, signal);
      const handler = await load();
      await handler(
        context,
        all
          .slice(0, -2)
          .flat()
          .filter((a): a is string => typeof a === "string"),
        command.opts() as never,
      );
    };

  serverCommands(program, call);
  workflowCommands(program, call);
  eventCommands(program, call);
  return program;
}

type Call = (load: () => Promise<Handler>) => (...all: unknown[]) => Promise<void>;

function serverCommands(program: Command, call: Call): void {
  const up = program
    .command("up")
    .description("start Sluice here: bus, sources, sensors, triggers, engine, executor and API")
    .argument("[files...]", "manifests to apply, or folders of them; they are watched for changes")
    .option("--config <file>", "settings in YAML (`sluice config print` shows them)")
    .option("--data <folder>", "where state is kept (default .sluice)")
    .option("--host <address>", "address of the API (default 127.0.0.1; anything else needs --api-token)")
    .option("--port <number>", "port of the API (default 2746)")
    .option("--ingress-host <address>", "address on which webhooks listen (default 127.0.0.1)")
    .option("--executor <kind>", "auto, local or kubernetes (default auto)")
    .option(
      "--isolation <kind>",
      "for local steps: auto, podman, docker, namespaces or process (default auto)",
    )
    .option("--nats <url>", "use this NATS server instead of an own one")
    .option(
      "--profile <name>",
      "own nats-server: safe (an acknowledgement means on disk) or fast (default safe)",
    )
    .option("--step-namespaces <names>", "for pods: the namespaces in which steps may run (default all)")
    .option("--image-pull-policy <policy>", "for pods that name none: Always, IfNotPresent or Never")
    .option("--kubeconfig <file>", "the cluster for executor kubernetes")
    .option("--max-steps <number>", "steps that run at once (default 64)")
    .option("--api-token <token>", "bearer token that API clients must send; file:PATH reads it from a file")
    .option("--log-level <level>", "debug, info, warn or error (default info)")
    .option("--log-format <format>", "text or json (default text)")
    .action(call(async () => (await import("./commands/up.ts")).up));
  up.addHelpText("after", "\nExample: sluice up examples/quickstart");

  program
    .command("demo")
    .description("the whole path once: webhook, event, sensor, workflow, steps")
    .option("--data <folder>", "keep the state here instead of a temporary folder")
    .action(call(async () => (await import("./commands/demo.ts")).demo));
  program
    .command("doctor")
    .description("what works here, what does not, and what an acknowledgement means")
    .option("--data <folder>", "data folder to look at (default .sluice)")
    .action(call(async () => (await import("./commands/server/doctor.ts")).doctor));
  const config = program.command("config").description("settings");
  config
    .command("print")
    .description("every setting of `sluice up`, its value and where it comes from")
    .option("--config <file>", "settings in YAML")
    .action(call(async () => (await import("./commands/server/config.ts")).printConfig));
}

function workflowCommands(program: Command, call: Call): void {
  const workflow = async () => import("./commands/workflow/workflow.ts");
  program
    .command("submit")
    .description("submit workflows")
    .argument("<files...>", "manifests; - is standard input")
    .option("-p, --parameter <name=value>", "a workflow parameter (repeatable)", collect, [])
    .option("--entrypoint <template>", "start at another template")
    .option("--name <name>", "name of the workflow")
    .option("--generate-name <prefix>", "prefix of its name")
    .option("-l, --labels <labels>", "labels, name=value,…")
    .option("-w, --wait", "wait for its end; the exit code tells how it ended")
    .option("--watch", "draw its tree until it ends")
    .option("--log", "print its output until it ends")
    .option("--dry-run", "print what would be submitted")
    .addOption(output())
    .action(call(async () => (await import("./commands/workflow/submit.ts")).submit));
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
    .command("logs")
    .description("print what steps wrote")
    .argument("<name>")
    .argument("[node]", "only this node's, by id or display name")
    .option("-f, --follow", "go on until the workflow ends")
    .option("--grep <text>", "only lines with this text")
    .option("--tail <number>", "only the last lines")
    .option("--timestamps", "print when each line was written")
    .option("--no-prefix", "print the lines alone")
    .action(call(async () => (await import("./commands/workflow/logs.ts")).logs));
  for (const verb of ["stop", "terminate", "suspend", "resume"] as const)
    program
      .command(verb)
      .description(verbs[verb])
      .argument("<names...>")
      .option("--message <text>", "why")
      .option("--node-field-selector <selector>", "only these nodes: displayName=approve,…")
      .action(call(async () => (await workflow()).verb(verb)));
  program
    .command("delete")
    .description("delete workflows: running ones are terminated first")
    .argument("[names...]")
    .option("--completed", "all that have ended")
    .option("--all", "all of them")
    .action(call(async () => (await workflow()).remove));
  program
    .command("lint")
    .description("check manifests; collects every problem with its place")
    .argument("<files...>", "manifests or folders; - is standard input")
    .option("--offline", "without a server: references to applied objects are not checked")
    .option("--strict", "warnings count as errors")
    .addOption(
      new Option("--format <format>", "how to print it").choices(["pretty", "simple"]).default("pretty"),
    )
    .action(call(async () => (await import("./commands/manifests/lint.ts")).lint));
}

const verbs = {
  stop: "stop workflows: running steps end, exit handlers run",
  terminate: "terminate workflows at once, without exit handlers",
  suspend: "start no new steps until resumed",
  resume: "go on with suspended workflows and suspend steps",
} as const;

function eventCommands(program: Command, call: Call): void {
  const resources = async () => import("./commands/events/resources.ts");
  const events = async () => import("./commands/events/events.ts");
  program
    .command("apply")
    .description("apply event sources, sensors, ConfigMaps and Secrets")
    .requiredOption("-f, --filename <files...>", "manifests or folders; - is standard input")
    .action(call(async () => (await import("./commands/manifests/apply.ts")).apply));
  for (const kind of ["source", "sensor"] as const) {
    const group = program.command(kind).description(`event ${kind}s`.replace("event sensors", "sensors"));
    group
      .command("list")
      .description(`list ${kind}s with their state`)
      .option("-A, --all-namespaces", "of every namespace")
      .action(call(async () => (await resources()).list(kind)));
    group
      .command("get")
      .description(`show a ${kind}, its state and its manifest`)
      .argument("<name>")
      .addOption(output())
      .action(call(async () => (await resources()).get(kind)));
    group
      .command("delete")
      .description(`delete a ${kind}`)
      .argument("<name>")
      .action(call(async () => (await resources()).remove(kind)));
  }
  const group = program.command("events").description("what came in, and what became of it");
  group
    .command("list")
    .description("newest first")
    .option("--source <name>", "only of this event source")
    .option("--limit <number>", "at most so many", "50")
    .action(call(async () => (await events()).list));
  group
    .command("show")
    .description("one event: its data, every verdict on it, and what it started")
    .argument("<id>", "its id, or the first 8 characters or more")
    .action(call(async () => (await events()).show));
  group
    .command("tail")
    .description("print events as they come")
    .action(call(async () => (await events()).tail));
  program
    .command("emit")
    .description("publish an event as if a source had received it")
    .argument("<source>")
    .argument("<event>")
    .option("--data <json>", "its data; @file reads a file, - standard input", "{}")
    .option("--id <id>", "its id: the same id is taken once")
    .action(call(async () => (await events()).emit));
  const dead = program.command("dead").description("what gave up");
  dead
    .command("list")
    .description("newest first")
    .option("--limit <number>", "at most so many", "50")
    .action(call(async () => (await import("./commands/events/dead.ts")).list));
  dead
    .command("show")
    .description("one dead letter, whole")
    .argument("<id>")
    .action(call(async () => (await import("./commands/events/dead.ts")).show));
  dead
    .command("redrive")
    .description("try again")
    .argument("[ids...]")
    .option("--all", "every one of the namespace")
    .action(call(async () => (await import("./commands/events/dead.ts")).redrive));
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value];

/** Commander ends the process by itself; here it throws instead, so that errors have one way out. */
function onExit(error: CommanderError): never {
  if (error.exitCode === 0) process.exit(0);
  throw CliError.USAGE({ problem: error.message.replace(/^error: /, "") });
}
