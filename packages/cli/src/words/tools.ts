// The words of the commands that need no server: schemas, conversion, completion, version.
import { type Command, Option } from "commander";
import type { Call } from "./call.ts";

export function toolCommands(program: Command, call: Call): void {
  program
    .command("convert")
    .description("print manifests in old spellings as they are written now; comments stay")
    .argument("<files...>", "manifests or folders; - is standard input")
    .addOption(new Option("-o, --output <format>", "how to print them").choices(["yaml", "json"]))
    .addHelpText("after", "\nExample: sluice convert old/ > new.yaml")
    .action(call(async () => (await import("../commands/tools/convert.ts")).convert));
  program
    .command("schema")
    .description("print the JSON Schema of a kind; without one, which kinds there are")
    .argument("[kind]")
    .option("-d, --dir <folder>", "write a file for each into this folder")
    .addHelpText("after", "\nExamples:\n  sluice schema Workflow\n  sluice schema --dir .schemas")
    .action(call(async () => (await import("../commands/tools/schema.ts")).schema));
  program
    .command("completion")
    .description("print a script that completes command lines: bash, zsh or fish")
    .argument("<shell>")
    .addHelpText(
      "after",
      "\nExamples:\n  source <(sluice completion bash)\n  source <(sluice completion zsh)\n  sluice completion fish | source",
    )
    .action(call(async () => (await import("../commands/tools/completion.ts")).completion));
  program
    .command("version")
    .description("print the version of this program, and of the server when one answers")
    .option("--short", "only this program's, alone")
    .addHelpText("after", "\nExample: sluice version --short")
    .action(call(async () => (await import("../commands/tools/version.ts")).version));
  program
    .command("auth")
    .description("who asks the server")
    .command("token")
    .description("print the token that requests carry, as a header's value")
    .addHelpText("after", '\nExample: curl -H "Authorization: $(sluice auth token)" …')
    .action(call(async () => (await import("../commands/tools/token.ts")).authToken));
  program
    .command("__complete", { hidden: true })
    .argument("[words...]")
    .action(call(async () => (await import("../commands/tools/completion.ts")).complete(program)));
}
