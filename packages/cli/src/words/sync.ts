// The words of the commands on semaphores' limits.
import { type Command, Option } from "commander";
import type { Call } from "./call.ts";

const summaries = {
  create: "give a semaphore a limit",
  get: "show a semaphore's limit",
  update: "change a semaphore's limit; it counts at once",
  delete: "remove a semaphore's limit",
} as const;

export function syncCommands(program: Command, call: Call): void {
  const group = program.command("sync").description("limits of semaphores");
  for (const verb of ["create", "get", "update", "delete"] as const) {
    const command = group
      .command(verb)
      .description(summaries[verb])
      .argument("<key>")
      .addOption(
        new Option("--type <type>", "where the limit lies")
          .choices(["database", "configmap"])
          .default("database"),
      )
      .option("--cm-name <name>", "the ConfigMap, for --type configmap");
    if (verb === "create" || verb === "update") command.requiredOption("--limit <number>", "holders at once");
    command.action(call(async () => (await import("../commands/sync/sync.ts")).limit(verb)));
  }
}
