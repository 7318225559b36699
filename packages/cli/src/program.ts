// Every command, its words and its options. What a command does is loaded only when it is called.
import { Command, type CommanderError } from "commander";
import { type GlobalOptions, makeContext } from "./context.ts";
import { CliError } from "./errors.ts";
import { version } from "./version.ts";
import { archiveCommands } from "./words/archive.ts";
import { argumentsProblem } from "./words/arguments.ts";
import type { Call, Handler } from "./words/call.ts";
import { cronCommands } from "./words/crons.ts";
import { eventCommands } from "./words/events.ts";
import { syncCommands } from "./words/sync.ts";
import { templateCommands } from "./words/templates.ts";
import { toolCommands } from "./words/tools.ts";
import { workflowCommands } from "./words/workflows.ts";

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
    // Errors have one way out: they are thrown, and said once.
    .configureOutput({ outputError: () => {} })
    .configureHelp({ showGlobalOptions: true });

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
  archiveCommands(program, call);
  cronCommands(program, call);
  templateCommands(program, call);
  syncCommands(program, call);
  eventCommands(program, call);
  toolCommands(program, call);
  throwing(program);
  return program;
}

function engineCommand(program: Command, call: Call): void {
  program
    .command("engine")
    .description(
      "one more engine with its executor, beside others on the same NATS server: they share the runs",
    )
    .option("--config <file>", "settings in YAML (`sluice config print` shows them)")
    .requiredOption("--nats <url>", "the NATS server of the installation")
    .option(
      "--data <folder>",
      "folder of this machine's steps (default .sluice); engines that share it share steps",
    )
    .option("--executor <kind>", "auto, local or kubernetes (default auto)")
    .option(
      "--isolation <kind>",
      "for local steps: auto, podman, docker, namespaces or process (default auto)",
    )
    .option("--step-namespaces <names>", "for pods: the namespaces in which steps may run (default all)")
    .option("--image-pull-policy <policy>", "for pods that name none: Always, IfNotPresent or Never")
    .option("--kubeconfig <file>", "the cluster for executor kubernetes")
    .option("--max-steps <number>", "steps that run at once (default 64)")
    .option("--artifact-max-bytes <number>", "bytes of one artifact, packed and unpacked (default 1 GiB)")
    .option(
      "--parallelism <number>",
      "workflows under way at once; the others are Pending (default 0: any number)",
    )
    .option("--namespace-parallelism <number>", "the same in each namespace")
    .option("--log-level <level>", "debug, info, warn or error (default info)")
    .option("--log-format <format>", "text or json (default text)")
    .action(call(async () => (await import("./commands/server/engine.ts")).engine))
    .addHelpText("after", "\nExample: sluice engine --nats nats://10.0.0.5:4222");
}

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
    .option(
      "--parallelism <number>",
      "workflows under way at once; the others are Pending (default 0: any number)",
    )
    .option("--namespace-parallelism <number>", "the same in each namespace")
    .option("--artifact-max-bytes <number>", "bytes of one artifact, packed and unpacked (default 1 GiB)")
    .option("--timezone <zone>", "time zone of CronWorkflows that name none (default UTC)")
    .option("--api-token <token>", "bearer token that API clients must send; file:PATH reads it from a file")
    .option("--log-level <level>", "debug, info, warn or error (default info)")
    .option("--log-format <format>", "text or json (default text)")
    .action(call(async () => (await import("./commands/server/up.ts")).up));
  up.addHelpText("after", "\nExample: sluice up examples/quickstart");
  engineCommand(program, call);

  program
    .command("demo")
    .description("the whole path once: webhook, event, sensor, workflow, steps")
    .option("--data <folder>", "keep the state here instead of a temporary folder")
    .action(call(async () => (await import("./commands/server/demo.ts")).demo));
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

/** Commander ends the process by itself; here each command throws instead, so that errors have one way out. */
function throwing(command: Command): void {
  command.exitOverride((error) => onExit(command, error));
  for (const child of command.commands) throwing(child);
}

function onExit(command: Command, error: CommanderError): never {
  // A command group without its command: the help was printed.
  if (error.code === "commander.help") process.exit(2);
  if (error.exitCode === 0) process.exit(0);
  const counted = argumentsProblem(command, error.code);
  if (counted !== undefined) throw CliError.USAGE({ problem: counted });
  const [problem = "", suggestion] = error.message.replace(/^error: /, "").split("\n");
  throw CliError.USAGE({ problem: suggestion === undefined ? problem : `${problem} ${lowered(suggestion)}` });
}

const lowered = (suggestion: string): string => suggestion.replace("(Did", "(did");
