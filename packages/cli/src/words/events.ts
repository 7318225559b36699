// The words of the commands on events, their sources and sensors.
import type { Command } from "commander";
import { type Call, output } from "./call.ts";

export function eventCommands(program: Command, call: Call): void {
  const resources = async () => import("../commands/events/resources.ts");
  const events = async () => import("../commands/events/events.ts");
  program
    .command("apply")
    .description("apply event sources, sensors, cron workflows, ConfigMaps and Secrets")
    .requiredOption("-f, --filename <files...>", "manifests or folders; - is standard input")
    .action(call(async () => (await import("../commands/manifests/apply.ts")).apply));
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
    .action(call(async () => (await import("../commands/events/dead.ts")).list));
  dead
    .command("show")
    .description("one dead letter, whole")
    .argument("<id>")
    .action(call(async () => (await import("../commands/events/dead.ts")).show));
  dead
    .command("redrive")
    .description("try again")
    .argument("[ids...]")
    .option("--all", "every one of the namespace")
    .action(call(async () => (await import("../commands/events/dead.ts")).redrive));
}
